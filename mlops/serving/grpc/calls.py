"""The calls of TensorFlow Serving's PredictionService and ModelService."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import msgspec

from mlops.serving import answer
from mlops.serving.admission import Busy, Gone, busy
from mlops.serving.app import App
from mlops.serving.grpc import aside, tensors
from mlops.serving.grpc.messages import AVAILABLE, DTYPES, message
from mlops.serving.nouns import Answers, Reply, Served, Stamp
from mlops.serving.prepared import best, prepare
from mlops.serving.protocols.tensorflow import check_signature, metadata
from mlops.serving.refusal import refused
from mlops.serving.strictness import Read

JSON = {b"content-type": b"application/json"}
SIGNATURES = "signature_def"
Told = Callable[[Answers], Any]  # makes a reply


@dataclass
class Call:
    """One call under way.

    Parameters
    ----------
    route : str
        What metrics and log call it.
    request_id : str
    served : Served or None
        Who answers it.
    role : str
    size : int
        Bytes of the message.
    is_large : bool
        Whether the loop has no time for it.
    reply : Reply
        What was answered, for the metrics.
    began : float
    """

    route: str
    request_id: str
    served: Served | None = None
    role: str = "main"
    size: int = 0
    is_large: bool = False
    reply: Reply = field(default_factory=lambda: Reply(200, b""))
    began: float = field(default_factory=perf_counter)


class Calls:
    """Answers calls with the versions, policies, metrics and log of an app.

    Parameters
    ----------
    app : App
    """

    def __init__(self, app: App) -> None:
        self.app, self.traffic, self.settings = app, app.state, app.settings
        self.aside = aside.Aside()

    async def predict(self, request: Any, call: Call) -> Any:
        """Columns as tensors; predictions as tensors."""
        check_signature(request.model_spec.signature_name, "predict")
        served = self._chosen(request.model_spec, call)
        most = self.settings.max_rows

        def read() -> Read:
            columns = {
                name: tensors.column(tensor, f"inputs.{name[:64]}", most)
                for name, tensor in request.inputs.items()
            }
            return answer.read_columns(columns, served, self.settings, "inputs.{name}[{row}]")

        def told(answers: Answers) -> Any:
            reply = message("PredictResponse")(model_spec=self._spec(served, request))
            for name, tensor in tensors.outputs(answers, request.output_filter).items():
                reply.outputs[name].CopyFrom(tensor)
            return reply

        shapes = [each.tensor_shape.dim for each in request.inputs.values()]
        counts = (each.size for dim in shapes for each in dim)
        call.size, call.is_large = aside.measured(request, counts)
        return await self._answered(served, read, told, call)

    async def classify(self, request: Any, call: Call) -> Any:
        """Examples; for each the classes, the most likely first."""
        check_signature(request.model_spec.signature_name, "classify")
        served = self._chosen(request.model_spec, call)
        if not served.schema.classes:
            raise refused(
                "unsupported", "This model gives no classes.", accepted="Regress, Predict"
            )

        def told(answers: Answers) -> Any:
            reply = message("ClassificationResponse")(model_spec=self._spec(served, request))
            for row in best(prepare(served, self.settings), answers):
                classes = reply.result.classifications.add().classes
                for label, score in row:
                    classes.add(label=label, score=score)
            return reply

        return await self._examples(served, request.input, told, call)

    async def regress(self, request: Any, call: Call) -> Any:
        """Examples; for each a number."""
        check_signature(request.model_spec.signature_name, "regress")
        served = self._chosen(request.model_spec, call)
        if served.schema.classes:
            says = "This model gives classes, no numbers."
            raise refused("unsupported", says, accepted="Classify, Predict")

        def told(answers: Answers) -> Any:
            reply = message("RegressionResponse")(model_spec=self._spec(served, request))
            for value in answers.values:
                reply.result.regressions.add(value=value)
            return reply

        return await self._examples(served, request.input, told, call)

    async def get_model_metadata(self, request: Any, call: Call) -> Any:
        """The signature of a version."""
        served = self._chosen(request.model_spec, call)
        if set(request.metadata_field) != {SIGNATURES}:
            says = "This is not told of a model."
            raise refused("unsupported", says, "metadata_field", SIGNATURES)
        signatures = message("SignatureDefMap")()
        told = metadata(served)["metadata"][SIGNATURES][SIGNATURES]
        for name, signature in told.items():
            made = signatures.signature_def[name]
            made.method_name = signature["method_name"]
            for side in ("inputs", "outputs"):
                for key, tensor in signature[side].items():
                    _describe(getattr(made, side)[key], tensor)
        reply = message("GetModelMetadataResponse")(model_spec=self._spec(served, request))
        reply.metadata[SIGNATURES].Pack(signatures)
        return reply

    async def get_model_status(self, request: Any, call: Call) -> Any:
        """The versions that answer."""
        reply = message("GetModelStatusResponse")()
        spec = request.model_spec
        is_named = spec.WhichOneof("choice") is not None
        found = [self._chosen(spec, call)] if is_named else self._serving(spec)
        for served in found:
            status = message("StatusProto")()
            reply.model_version_status.add(version=served.version, state=AVAILABLE, status=status)
        return reply

    # Who answers, and what.

    def _serving(self, spec: Any) -> list[Served]:
        self._check_name(spec)
        return [served for served, _ in self.traffic.serving()]

    def _check_name(self, spec: Any) -> None:
        if spec.name != self.traffic.model:
            says = "This model is not served here."
            raise refused("not-found", says, "model_spec.name", self.traffic.model)
        if not self.traffic.is_ready:
            raise refused("not-ready", "No version is ready yet.", retry_s=1)

    def _chosen(self, spec: Any, call: Call) -> Served:
        self._check_name(spec)
        kind = spec.WhichOneof("choice")
        if kind is None:
            found = self.traffic.choose(call.request_id)
        else:
            called = spec.version.value if kind == "version" else spec.version_label[:64]
            found = self.traffic.named(called)
        if found is None:
            says = "This version is not served."
            raise refused("not-found", says, "model_spec", "a version that GetModelStatus tells")
        call.served, call.role = found
        return call.served

    def _spec(self, served: Served, request: Any) -> Any:
        spec = message("ModelSpec")(name=served.model)
        spec.version.value = served.version
        spec.signature_name = request.model_spec.signature_name or "serving_default"
        return spec

    async def _examples(self, served: Served, given: Any, told: Told, call: Call) -> Any:
        kind = given.WhichOneof("choice") or "example_list"
        chosen = getattr(given, kind)
        context = getattr(chosen, "context", message("tensorflow.Example")())

        def read() -> Read:
            columns = tensors.columns(chosen.examples, context, self.settings.max_rows)
            return answer.read_columns(columns, served, self.settings, "examples[{row}].{name}")

        call.size, call.is_large = aside.measured(given, [len(chosen.examples)])
        return await self._answered(served, read, told, call)

    async def _answered(
        self, served: Served, reading: Callable[[], Read], told: Told, call: Call
    ) -> Any:
        # A large message may sleep through a swap; many of them may not all be here at once.
        with self.traffic.held(served), self.app.admission.ship(call.size):
            return await self._told(served, reading, told, call)

    async def _told(
        self, served: Served, reading: Callable[[], Read], told: Told, call: Call
    ) -> Any:
        read = await self.aside.run(call.is_large, reading)
        stamp = Stamp(call.request_id, call.role)
        body = b""
        if served.program is not None and len(read.rows) <= aside.AT_ONCE:
            answers = answer.asked(served.program, read.rows)
            reply = Reply(200, b"", rows=read.rows, answers=answers, count=len(read.rows))
        else:
            most = self.settings.max_bytes
            body = await self.aside.run(call.is_large, self._body, served, read.rows, most)
            reply = await self._shipped(served, body, stamp)
            answers = await self.aside.run(call.is_large, _answers, reply.body)
        reply.unseen, reply.warnings = read.unseen, read.warnings
        call.reply = reply
        self.app.log.append(call.route, served, stamp, reply, perf_counter() - call.began)
        if self.traffic.is_mirrored:
            body = body or self._body(served, read.rows)
        self.traffic.mirror(served, "predict", JSON, body, stamp, reply)
        return await self.aside.run(call.is_large, told, answers)

    def _body(self, served: Served, rows: Sequence[Any], most: int | None = None) -> bytes:
        return aside.body([each.name for each in served.schema.inputs], rows, most)

    async def _shipped(self, served: Served, body: bytes, stamp: Stamp) -> Reply:
        try:
            reply: Reply = await self.traffic.ship(served, "predict", JSON, body, stamp)
        except Busy:
            raise busy() from None
        except Gone:
            raise refused("unavailable", "The model is being started again.") from None
        except TimeoutError:
            raise refused("timeout", "The model took too long.") from None
        if reply.status != 200:
            raise refused(reply.code or "failed", "The model cannot answer this.")
        return reply


def _answers(body: bytes) -> Answers:
    told = msgspec.json.decode(body)
    return Answers(told["predictions"], told.get("probabilities"))


def _describe(info: Any, tensor: Mapping[str, Any]) -> None:
    info.name, info.dtype = tensor["name"], DTYPES[tensor["dtype"]]
    for each in tensor["tensor_shape"]["dim"]:
        info.tensor_shape.dim.add(size=int(each["size"]))
