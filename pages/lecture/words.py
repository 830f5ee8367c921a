"""What the lecture says, step by step: a title, words for the audience (HTML), notes for the speaker, minutes."""

from typing import NamedTuple

PAPER = "DBSE: Berman, Naiman, Arbiv, Fadlon, Azencot, ICML 2024. Implemented anew from the paper."
PAPER_LINK = "https://arxiv.org/abs/2406.18131"


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
        "all of static and dynamics. The top row is given; everything below is decoded, the diagonal too. The talk "
        "takes 36 minutes with questions. For 20, leave out the loss, the ablations, the new movements and what it "
        "reaches.",
        1,
    ),
    "problem": Said(
        "One clip, two things",
        'One <b class="sd-who">static</b> code for the whole clip, one <b class="sd-does">dynamics</b> code a'
        " frame. The model is trained without labels: nobody tells it who is who, or what is done.",
        "A frame is decoded from s and its own d, concatenated. Labels are used afterwards, to measure."
        " If the codes are disentangled, they can be exchanged between clips.",
        2,
    ),
    "leak": Said(
        "Why the person leaks",
        'The dynamics are read from every frame, and every frame shows the face. So <b class="sd-does">d</b> can hold '
        'the person too, and nothing prevents it: a swap can then show <b class="sd-who">the wrong face</b>.',
        "The first bar is our own ablation, the same recipe without the subtraction. Say what a probe is: a"
        " small linear classifier on the codes. Leakage is what it can tell and should not.",
        2,
    ),
    "one-frame": Said(
        "Read one frame",
        'Read the <b class="sd-who">static</b> code from <b>one frame</b>. A single frame shows who it is, '
        "and little of what is done.",
        "The frame is called the anchor. In the paper it is the first one; any would do. So s contains nothing of the "
        "other frames. It does contain what the anchor shows, an open mouth included: the anchor should be a neutral "
        "face. The other direction is the next step.",
        2,
    ),
    "subtract": Said(
        "Subtract it",
        'Subtract that frame\'s features from all frames. <b class="sd-who">Whose face it is</b> mostly goes; '
        '<b class="sd-does">the movement</b> that both people make is left.',
        "Real features of the shipped model, 128 units from top to bottom, frames from left to right; the "
        "order of the units is by how the two people differ. Before: two stripes, two people. After: one "
        "pattern. Turn the anchor: its own column is empty. Likeness is the correlation of the two pictures. In "
        "training that column holds noise. The shipped model also divides by the size of what is left, which "
        "the paper does not.",
        3,
    ),
    "loss": Said(
        "The loss, term by term",
        "Four terms, each with a weight. Change one: which term would training reduce most?",
        "Squared errors summed over pixels, those that move counted more, and divergences in nats, of one clip "
        "that the shipped model read as at evaluation; the sliders begin at the weights that it was trained "
        "with. Nothing is trained here: only the share of each term changes.",
        3,
    ),
    "ablations": Said(
        "Ablations",
        "One part of the model is left out: the subtraction, the loss of the anchor frame, or both. Does the swapped "
        "face still show the right person?",
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
        'One person stays. The <b class="sd-does">dynamics</b> are sampled from the prior that the model learnt.',
        "Nobody performed these movements. The prior is an LSTM that predicts each frame's code from those before. It "
        "does not sample all expressions equally often: the six shown are one of each, and the shares below them are "
        "of many more samples.",
        2,
    ),
    "map": Said(
        "Where the codes lie",
        "Every dot is a clip. Colour them by expression or by person.",
        "Colour by expression first: the left map is mixed, the right one has six groups. By person it is "
        "the other way round. t-SNE keeps neighbours; distances between groups mean nothing.",
        2,
    ),
    "results": Said(
        "What it reaches",
        "The paper's data may not be redistributed. Ours can be rendered by anyone.",
        "The paper's column is for MUG, another data set with another judge. Inception score: exp(H(y) - H(y|x)), how "
        "sure the judge is of each clip and how varied the clips are. Gap: what a linear probe should tell from a code "
        "minus what it should not, in percentage points. Every figure of ours is in a file with the command that made "
        "it: page Results.",
        2,
    ),
    "fails": Said(
        "Where it fails",
        "Above the truth, below the swap. What a video does not show is invented.",
        "Say it before they find it. Rendered people, because for them the truth is known. The figure is for five "
        "filmed and three generated people, whose clips we developed with; two networks that we did not train "
        "measured it.",
        2,
    ),
    "live": Said(
        "Now you",
        "Three seconds of a face from the audience, who moves as somebody else did, and as nobody ever did. Nothing "
        "here is prepared.",
        "Ask for consent aloud. Look straight ahead, then move the mouth. The last two clips move the person's own "
        "pixels: with the surprise of a drawn person, and with a movement sampled from the prior (one seed, chosen of "
        "nine by its looks). The second clip is decoded, and only resembles the person until you press Learn this "
        "face, which takes some fifteen seconds. Without a camera there is an example. The clip is deleted when this "
        "step is left.",
        4,
    ),
    "questions": Said(
        "Questions",
        "Read who it is from <b>one frame</b>. <b>Subtract</b> that frame. Then measure what still leaks.",
        "Leave this up. The code opens the pages of this model, or the paper where they run on this machine alone.",
        5,
    ),
}
