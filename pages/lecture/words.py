"""What the lecture says, step by step: a title, words for the audience (HTML), notes for the speaker, minutes."""

from typing import NamedTuple


class Said(NamedTuple):
    """Of one step. minutes: how long it is meant to take."""

    title: str
    words: str
    notes: str
    minutes: float


SAID = {
    "title": Said(
        "Who a face is, and what it does",
        'Each row is <b class="sd-who">one person</b>. Each column is <b class="sd-does">one movement</b>. '
        "Every face here was made from two codes.",
        "Let it play before you speak. Ask what stays the same along a row, and what along a column: that is "
        "all of static and dynamics. The top line is what was given; all below is decoded, the diagonal too.",
        1,
    ),
    "problem": Said(
        "One clip, two things",
        'One <b class="sd-who">static</b> code for the whole clip, one <b class="sd-does">dynamics</b> code a'
        " frame. Nobody tells the model who is who, or what is done: there are no labels.",
        "A frame is decoded from s and its own d, put side by side. Labels are used afterwards, to measure."
        " If the codes are apart, they can be exchanged between clips.",
        2,
    ),
    "leak": Said(
        "Why the person leaks",
        'The dynamics see every frame, and every frame shows the face. So <b class="sd-does">d</b> can carry '
        'the person too, and nothing stops it: a swap can then bring <b class="sd-who">the wrong face</b> '
        "along.",
        "The first bar is our own ablation, the same recipe without the subtraction. Say what a probe is: a"
        " small linear classifier on the codes. Leakage is what it reads and should not.",
        2,
    ),
    "one-frame": Said(
        "Read one frame",
        'Read the <b class="sd-who">static</b> code from <b>one frame</b>. A single frame shows who it is, '
        "and little of what is done.",
        "The frame is called the anchor. In the paper it is the first one; the mathematics allows any. So s "
        "knows nothing of the other frames. What the anchor shows it does hold, an open mouth included: the "
        "anchor should be at rest. The other direction is the next step.",
        2,
    ),
    "subtract": Said(
        "Subtract it",
        'Take that frame\'s features away from all frames. Whose face it is, <b class="sd-who">mostly goes</b>; '
        'what two people share when they do the same <b class="sd-does">is left</b>.',
        "Real features of the shipped model, 128 units from top to bottom, frames from left to right; the "
        "order of the units is by how the two people differ. Before: two stripes, two people. After: one "
        "pattern. Turn the anchor: its own column is empty. Likeness is the correlation of the two pictures. In "
        "training that column holds noise. The shipped model also divides by the size of what is left, which "
        "the paper does not.",
        3,
    ),
    "loss": Said(
        "The loss, term by term",
        "Four terms, a weight each. Turn one: what would a step of training work on?",
        "Squared errors summed over pixels, those that move counted more, and divergences in nats, of one clip "
        "that the shipped model read as at evaluation; the sliders begin at the weights that it was trained "
        "with. Nothing is trained here: what moves is the share of each term.",
        3,
    ),
    "ablations": Said(
        "Left out",
        "A part left out. Is a made face still the person it should be?",
        "Begin with the paper's recipe, at half its length, and change between with and without subtraction a few "
        "times; watch one face: it becomes a mixture of the two. Under our shorter recipe the probe finds even more, "
        "and the films seldom show it: a probe sees what is in a code, not what the decoder uses. The term for the "
        "anchor frame changes next to nothing; the poster reports a large effect. One run each, and our full run had "
        "two changes of schedule on its way that the others had not.",
        3,
    ),
    "swap": Said(
        "Swap",
        'Choose <b class="sd-who">who</b>, choose <b class="sd-does">what</b>.',
        "Ask the audience for both. All 144 were decoded beforehand by the shipped model. For their own faces"
        " there is a step at the end, and the page Swap, which tunes a copy of the model to two people.",
        3,
    ),
    "sample": Said(
        "New movements",
        'One person stays. The <b class="sd-does">dynamics</b> are drawn from the prior that the model learnt.',
        "Nobody ever did these. The prior is an LSTM that says what comes after what. It does not draw all "
        "expressions equally often: the shares below are of many more draws than the eight.",
        2,
    ),
    "map": Said(
        "Where the codes lie",
        "Every dot is a clip. Colour them by who, or by what.",
        "Colour by expression first: the left map is confetti, the right one has six groups. By person it is "
        "the other way round. t-SNE keeps neighbours; distances between groups mean nothing.",
        2,
    ),
    "results": Said(
        "What it reaches",
        "The paper's faces may not be passed on. Ours are drawn, and anyone can make them.",
        "The published row is of MUG, another data set with another judge. Every figure of ours is in a file "
        "with the command that made it: page Results.",
        2,
    ),
    "fails": Said(
        "Where it fails",
        "A turned head. A mouth that opens wider than in its own film. Above: what should be seen. Below: the swap.",
        "Say it before they find it. Drawn people, because of them the truth is known. The figure is of five "
        "filmed and three generated people, whose clips we developed with; networks that nobody here trained "
        "read it.",
        2,
    ),
    "live": Said(
        "Now you",
        "Three seconds of a face from the audience. It takes a few seconds: this one is not prepared.",
        "Ask for consent aloud. Look straight ahead, then move the mouth. Nothing is tuned here, so the face "
        "is only a near one; on the page Swap a few seconds of tuning make it theirs. Nothing of the "
        "clip is kept after this step.",
        4,
    ),
    "questions": Said(
        "Questions",
        "Read who it is from <b>one frame</b>. <b>Subtract</b> that frame. Then measure what still leaks.",
        "Leave this up. DBSE: Berman, Naiman, Arbiv, Fadlon, Azencot, ICML 2024.",
        5,
    ),
}
