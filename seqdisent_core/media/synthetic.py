"""Says of a picture, film or sound that a model made it: a small label that is seen, and IPTC's digital source type
inside.

The words are those of the IPTC NewsCodes "Digital Source Type"; they stand in an XMP packet (ISO 16684-1), which lies
in an MP4 as a box of its own, in a GIF as an application extension, in a PNG as a text chunk, in a WAV as a chunk
"_PMX", where tools look for it.
"""

import struct
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
MADE, IN_A_FILM = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"
LABEL = "synthetic"
_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_GIF_END = bytes([1, *range(255, -1, -1), 0])  # lets a reader that does not know XMP find the end of it


def xmp(source_type: str) -> bytes:
    """The packet that says so, UTF-8."""
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPES}{source_type}</Iptc4xmpExt:DigitalSourceType>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>""".encode()


def mark(path: Path, source_type: str = MADE) -> None:
    """Put the packet into an MP4, GIF, PNG or WAV file that has none yet."""
    packet = xmp(source_type)
    if path.suffix == ".png":
        content = path.read_bytes()
        text = b"XML:com.adobe.xmp\0\0\0\0\0" + packet
        chunk = b"iTXt" + text
        made = struct.pack(">I", len(text)) + chunk + struct.pack(">I", zlib.crc32(chunk))
        path.write_bytes(content[:-12] + made + content[-12:])  # before IEND
    elif path.suffix == ".gif":
        content = path.read_bytes()
        path.write_bytes(content[:-1] + b"\x21\xff\x0bXMP DataXMP" + packet + _GIF_END + content[-1:])
    elif path.suffix == ".wav":
        content = path.read_bytes()
        even = packet + b" " * (len(packet) % 2)  # RIFF chunks are of even length
        content += b"_PMX" + struct.pack("<I", len(even)) + even
        path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    else:
        with path.open("ab") as film:
            film.write(struct.pack(">I", 24 + len(packet)) + b"uuid" + _XMP_BOX + packet)


def labelled(frames: np.ndarray) -> np.ndarray:
    """A copy of frames, uint8 (..., height, width, 3), with the label in their lower right corner."""
    mark = label(frames.shape[-3])[: frames.shape[-3], : frames.shape[-2]]
    rows, columns = mark.shape[:2]
    opacity = mark[..., 3:].astype(np.float32) / 255
    result = frames.copy()
    corner = result[..., -rows:, -columns:, :]
    corner[:] = (opacity * mark[..., :3] + (1 - opacity) * corner).round()
    return result


def captioned(frame: np.ndarray, word: str) -> np.ndarray:
    """A copy of one frame, uint8 (height, width, 3), with a word in its upper left corner."""
    box = label(frame.shape[0], word)[: frame.shape[0], : frame.shape[1]]
    rows, columns = box.shape[:2]
    opacity = box[..., 3:].astype(np.float32) / 255
    result = frame.copy()
    corner = result[:rows, :columns]
    corner[:] = (opacity * box[..., :3] + (1 - opacity) * corner).round()
    return result


@cache
def label(height: int, word: str = LABEL) -> np.ndarray:
    """The label for a picture of this height, uint8 RGBA (rows, columns, 4)."""
    size = max(10, round(height / 22))
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(word)
    margin = size // 3
    box = Image.new("RGBA", (round(right - left) + 2 * margin, round(bottom - top) + 2 * margin), (20, 20, 20, 150))
    ImageDraw.Draw(box).text((margin - left, margin - top), word, font=font, fill=(255, 255, 255, 235))
    return np.asarray(box)
