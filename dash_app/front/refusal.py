"""What is refused, and in which words: a fixed list, so that neither an answer nor a count repeats what was sent."""

from typing import NamedTuple


class Sentence(NamedTuple):
    """Status and words of one reason."""

    status: int
    text: str


SENTENCES = {
    "length": Sentence(411, "A request says how long its body is."),
    "size": Sentence(413, "The body is larger than any page sends."),
    "type": Sentence(415, "The body has to be application/json."),
    "json": Sentence(400, "The body is not JSON."),
    "depth": Sentence(400, "The body is nested deeper than any page sends."),
    "many": Sentence(400, "The body has more values than any page sends."),
    "shape": Sentence(400, "The body is not a callback request."),
    "output": Sentence(400, "No callback has these outputs."),
    "arguments": Sentence(400, "The callback has other inputs."),
    "busy": Sentence(503, "Too many such requests at once."),
}


class RefusedError(Exception):
    """A request that is answered without being run."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sentence = SENTENCES[reason]
