# The demo in a container, weights inside: docker build -t seqdisent . && docker run -p 7860:7860 seqdisent
FROM python:3.12-slim

RUN useradd --create-home --uid 1000 visitor
WORKDIR /home/visitor/seqdisent
# As on a Space: what the demo needs is installed, the demo itself runs from here.
COPY requirements.txt ./
RUN python -m pip install --no-cache-dir -r requirements.txt
COPY LICENSE app.py ./
COPY demo_assets demo_assets
COPY results results
COPY seqdisent_core seqdisent_core
COPY pages pages

USER 1000
ENV GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860
EXPOSE 7860
CMD ["python", "app.py"]
