"""What the lecture says, step by step: a title, words for the audience (HTML), notes for the speaker, minutes."""

from typing import NamedTuple

PAPER = "DBSE: Berman, Naiman, Arbiv, Fadlon, Azencot, ICML 2024. Implemented anew from the paper."
PAPER_LINK = "https://arxiv.org/abs/2406.18131"


class Said(NamedTuple):
    """Of one step. notes: to be read at a glance while speaking. minutes: how long it is meant to take."""

    title: str
    words: str
    notes: tuple[str, ...]
    minutes: float


SAID = {
    "title": Said(
        "Who a face is, and what it does",
        'Each row is <b class="sd-who">one person</b>. Each column is <b class="sd-does">one movement</b>. '
        "The top row is given; every face below is made from two codes.",
        (
            "Let it play first. Ask: what stays along a row, what along a column?",
            "Row: static. Column: dynamics.",
            "Everything below the top row is decoded, the diagonal too.",
            "38 minutes with questions.",
            "For 20: leave out loss, ablations, new movements, results, other methods.",
        ),
        1,
    ),
    "problem": Said(
        "One clip, two things",
        'One <b class="sd-who">static</b> code for the whole clip, one <b class="sd-does">dynamics</b> code a'
        " frame. The model is trained without labels: nobody tells it who is who, or what is done.",
        (
            "A frame is decoded from s and its own d, concatenated.",
            "Labels come later, only to measure.",
            "Disentangled codes can be exchanged between clips.",
        ),
        2,
    ),
    "leak": Said(
        "Why the person leaks",
        'The dynamics are read from every frame, and every frame shows the face. So <b class="sd-does">d</b> can hold '
        'the person too, and nothing prevents it: a swap can then show <b class="sd-who">the wrong face</b>.',
        (
            "First bar: our ablation, the same recipe without the subtraction.",
            "A probe is a small linear classifier on the codes.",
            "Leakage: what it can predict and should not.",
        ),
        2,
    ),
    "one-frame": Said(
        "Read one frame",
        'Read the <b class="sd-who">static</b> code from <b>one frame</b>. A single frame shows who it is, '
        "and little of what is done.",
        (
            "The frame is called the anchor. The paper takes the first; any would do.",
            "So s has nothing of the other frames.",
            "It does have what the anchor shows, an open mouth included: take a neutral face.",
            "The other direction, d without s, is the next step.",
        ),
        2,
    ),
    "subtract": Said(
        "Subtract it",
        'Subtract that frame\'s features from all frames. <b class="sd-who">Whose face it is</b> mostly goes; '
        '<b class="sd-does">the movement</b> that both people make is left.',
        (
            "Real features of the shipped model. One row per unit, ordered by how the two differ.",
            "Above: rows keep their colours, opposite in the two people. That is who they are.",
            "Below: rows change only while the face moves, in both people alike.",
            "Move the anchor: its own column is empty (noise in training).",
            "Similarity: correlation of the two pictures.",
            "The shipped model also divides by the size of what is left; the paper does not.",
        ),
        3,
    ),
    "loss": Said(
        "The loss, term by term",
        "Four terms, each with a weight. Change one: which term would training reduce most?",
        (
            "Nothing is trained here: only the share of each term changes.",
            "One clip, evaluation mode. The sliders begin at the weights of training.",
            "Squared errors over pixels, moving ones counted more; divergences in nats.",
        ),
        3,
    ),
    "ablations": Said(
        "Ablations",
        "Without the subtraction, the loss of the anchor frame, or both: does a swap still show the right person?",
        (
            "Start: the paper's recipe at half its length. Change between with and without subtraction.",
            "Watch one face: it becomes a mixture of the two.",
            "Our shorter recipe: the probe finds more, the videos seldom show it.",
            "A probe sees what is in a code, not what the decoder uses.",
            "The anchor's term changes next to nothing; the poster reports a large effect.",
            "One run each; our full run had two changes of schedule that the others had not.",
        ),
        3,
    ),
    "swap": Said(
        "Swap",
        'Choose <b class="sd-who">who</b>, choose <b class="sd-does">what</b>.',
        (
            "Ask the audience for both.",
            "All 144 were decoded beforehand by the shipped model.",
            "Their own faces: a step at the end, and the page Swap, which tunes a copy of the model to two people.",
        ),
        3,
    ),
    "sample": Said(
        "New movements",
        'One person stays. The <b class="sd-does">dynamics</b> are sampled from the prior that the model learnt.',
        (
            "Nobody performed these movements.",
            "The prior is an LSTM: each frame's code from those before.",
            "Not all expressions are equally frequent: the bars are shares of all samples, the clips one of each.",
        ),
        2,
    ),
    "map": Said(
        "Where the codes lie",
        "Every dot is a clip. Colour them by expression or by person.",
        (
            "By expression first: the left map is mixed, the right has six groups.",
            "By person it is the other way round.",
            "t-SNE keeps neighbours; distances between groups mean nothing.",
        ),
        2,
    ),
    "results": Said(
        "Results",
        "The paper's data may not be redistributed. Ours can be rendered by anyone.",
        (
            "The paper's column: MUG, another data set with another judge.",
            "Inception score exp(H(y) - H(y|x)): how certain the judge is, and how varied the clips.",
            "Gap: wanted minus unwanted accuracy of a linear probe, percentage points.",
            "Page Results: every figure of ours with the command that made it.",
        ),
        2,
    ),
    "methods": Said(
        "Compared with other methods",
        "A harder set: clips begin anywhere in a movement, so the one frame shows an expression. DBSE keeps "
        '<b class="sd-does">d</b> free of the person, but <b class="sd-who">s</b> holds the expression.',
        (
            "Other persons, clips and models than before: small ones, 800 steps and two training runs each.",
            "Lower: d leaks less of the person. Farther left: s leaks less of the expression. Dashed: chance.",
            "Bold: DBSE, and Exchange, a variant of ours that reads s from two frames in training.",
            "A dot shows what is in a code; the line below, how many swaps are right. Page Compare shows them.",
            "SKD has no prior. MoCoGAN has no encoder, so no dot.",
        ),
        2,
    ),
    "fails": Said(
        "Where it fails",
        "Above the ground truth, below the swap. What a video does not show is invented.",
        (
            "Say it before they find it.",
            "Rendered people, because their ground truth is known.",
            "The figure: five filmed and three generated people, whose clips we developed with.",
            "Measured by two third-party networks.",
        ),
        2,
    ),
    "live": Said(
        "Now you",
        "Three seconds of a face from the audience, moved as in another clip, and by a sampled movement. The model has "
        "never seen it.",
        (
            "Ask for consent aloud.",
            "Look straight ahead, then move the mouth.",
            "The last two clips move the person's own pixels: a rendered person's surprise, and a sampled movement.",
            "The sampled one is one seed of nine, chosen by its looks.",
            "The second clip is decoded, and only resembles the person.",
            "Learn this face takes 20 seconds at most, and improves it.",
            "No camera: take the example.",
            "The clip is deleted when this step is left.",
        ),
        4,
    ),
    "questions": Said(
        "Questions",
        "Read who it is from <b>one frame</b>. <b>Subtract</b> that frame. Then measure what still leaks.",
        (
            "Leave this up.",
            "The code opens the pages of this model, or the paper where they run on this machine alone.",
        ),
        5,
    ),
}
