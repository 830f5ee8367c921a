# The demo in a container, weights inside: docker build -t seqdisent . && docker run -p 7860:7860 seqdisent
FROM python:3.12-slim

RUN useradd --create-home --uid 1000 visitor
WORKDIR /home/visitor/seqdisent
COPY pyproject.toml README.md LICENSE ./
COPY seqdisent_core seqdisent_core
COPY demo_assets demo_assets
COPY pages pages
COPY results results
RUN python -m pip install --no-cache-dir .
COPY app.py ./

USER 1000
ENV GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860
EXPOSE 7860
CMD ["python", "app.py"]
