"""TensorFlow Serving's own stubs against a server of ours: they cannot tell the difference."""

from __future__ import annotations

import json
import os
import signal

import pytest

from tests.serving.process.server import until

pytestmark = pytest.mark.tensorflow_serving


def asked(stubs, rows=1, **more):
    """A PredictRequest of the same row, some times."""
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = stubs.model
    for name, value in {**stubs.row(), **more}.items():
        made = request.inputs[name]
        made.tensor_shape.dim.add(size=rows)
        if isinstance(value, str):
            made.dtype = 7
            made.string_val.extend([value.encode()] * rows)
        else:
            made.dtype = 2
            made.double_val.extend([float(value)] * rows)
    return request


def examples(request, stubs, rows=1):
    request.model_spec.name = stubs.model
    for _ in range(rows):
        features = request.input.example_list.examples.add().features.feature
        for name, value in stubs.row().items():
            if isinstance(value, str):
                features[name].bytes_list.value.append(value.encode())
            else:
                features[name].float_list.value.append(float(value))
    return request


def over_http(stubs, rows=1):
    return stubs.server.client()("/predict", {"rows": [stubs.row()] * rows}).json


def refused(call, request, **more):
    import grpc

    with pytest.raises(grpc.RpcError) as error:
        call(request, timeout=60, **more)
    return error.value


@pytest.mark.parametrize("rows", [1, 50, 3000])
def test_predict_says_what_http_says(houses, rows):
    reply = houses.predict.Predict(asked(houses, rows), timeout=60)
    said = over_http(houses, rows)["predictions"]
    assert list(reply.outputs["prediction"].double_val) == pytest.approx(said, rel=1e-9)
    assert reply.model_spec.name == houses.model
    assert reply.model_spec.version.value == 1


def test_predict_with_words_gives_classes_and_probabilities(credit):
    reply = credit.predict.Predict(asked(credit, 2), timeout=60)
    said = over_http(credit, 2)
    assert [each.decode() for each in reply.outputs["prediction"].string_val] == said["predictions"]
    chances = list(reply.outputs["probabilities"].double_val)
    assert chances == [each for row in said["probabilities"] for each in row]


def test_classify(credit):
    from tensorflow_serving.apis import classification_pb2

    request = examples(classification_pb2.ClassificationRequest(), credit, 2)
    reply = credit.predict.Classify(request, timeout=60)
    assert len(reply.result.classifications) == 2
    classes = reply.result.classifications[0].classes
    assert {each.label for each in classes} == {"good", "bad"}
    assert classes[0].score >= classes[1].score
    assert classes[0].label == over_http(credit)["predictions"][0]


def test_regress(houses):
    from tensorflow_serving.apis import regression_pb2

    request = examples(regression_pb2.RegressionRequest(), houses, 3)
    reply = houses.predict.Regress(request, timeout=60)
    values = [each.value for each in reply.result.regressions]
    assert values == pytest.approx(over_http(houses, 3)["predictions"], rel=1e-4)  # single floats


def test_what_a_model_does_not_give_is_refused(houses, credit):
    from tensorflow_serving.apis import classification_pb2, regression_pb2

    classify = examples(classification_pb2.ClassificationRequest(), houses)
    assert refused(houses.predict.Classify, classify).code().name == "INVALID_ARGUMENT"
    regress = examples(regression_pb2.RegressionRequest(), credit)
    assert refused(credit.predict.Regress, regress).code().name == "INVALID_ARGUMENT"


def test_the_metadata_name_inputs_and_outputs(credit):
    from tensorflow_serving.apis import get_model_metadata_pb2

    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = credit.model
    reply = credit.predict.GetModelMetadata(request, timeout=60)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert reply.metadata["signature_def"].Unpack(signatures)
    signature = signatures.signature_def["serving_default"]
    assert set(signature.inputs) == set(credit.row())
    assert set(signature.outputs) == {"prediction", "probabilities"}


def test_the_status_of_a_model(houses):
    from tensorflow_serving.apis import get_model_status_pb2

    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = houses.model
    reply = houses.models.GetModelStatus(request, timeout=60)
    (status,) = reply.model_version_status
    assert (status.version, status.state) == (1, get_model_status_pb2.ModelVersionStatus.AVAILABLE)
    request.model_spec.version.value = 7
    assert refused(houses.models.GetModelStatus, request).code().name == "NOT_FOUND"


def test_a_version_may_be_asked_for_by_number_and_by_label(houses):
    request = asked(houses)
    request.model_spec.version.value = 1
    assert houses.predict.Predict(request, timeout=60).model_spec.version.value == 1
    request.model_spec.version_label = "champion"
    assert houses.predict.Predict(request, timeout=60).model_spec.version.value == 1
    request.model_spec.version_label = "nobody"
    assert refused(houses.predict.Predict, request).code().name == "NOT_FOUND"
    request.model_spec.name = "other"
    assert refused(houses.predict.Predict, request).code().name == "NOT_FOUND"


def test_the_policies_are_those_of_http_and_no_value_comes_back(houses, credit):
    request = asked(houses)
    del request.inputs["crim"]
    missing = refused(houses.predict.Predict, request)
    assert missing.code().name == "INVALID_ARGUMENT"
    assert "crim" in missing.details()
    wrong = refused(credit.predict.Predict, asked(credit, duration_in_month="hush-hush"))
    assert "duration_in_month" in wrong.details()
    assert "hush-hush" not in wrong.details()


def test_a_claim_of_a_billion_rows_is_refused_at_once(houses):
    request = asked(houses)
    for each in request.inputs.values():
        each.tensor_shape.dim[0].size = 10**9
    assert refused(houses.predict.Predict, request).code().name == "RESOURCE_EXHAUSTED"


def test_a_few_bytes_cannot_claim_as_many_rows_as_a_message_may_have(houses):
    request = asked(houses)
    for each in request.inputs.values():
        each.tensor_shape.dim[0].size = 100_000
    refusal = refused(houses.predict.Predict, request)
    assert refusal.code().name == "INVALID_ARGUMENT"
    assert "short list" in refusal.details()


def test_an_answer_carries_its_request_id_and_version(houses):
    call = houses.predict.Predict.with_call
    _, done = call(asked(houses), timeout=60, metadata=(("x-request-id", "order-7"),))
    told = dict(done.trailing_metadata())
    assert (told["x-request-id"], told["x-model-version"]) == ("order-7", "1")


def test_warnings_come_behind_the_answer(credit):
    request = asked(credit, purpose="to see ±0")
    reply, done = credit.predict.Predict.with_call(request, timeout=60)
    assert reply.outputs["prediction"].string_val
    told = dict(done.trailing_metadata())["x-warnings-bin"].decode()
    assert told == "inputs.purpose[0] holds a value that the model has not seen while learning"


def test_calls_are_in_the_same_metrics(houses):
    from tensorflow_serving.apis import get_model_status_pb2

    status = get_model_status_pb2.GetModelStatusRequest()
    status.model_spec.name = houses.model
    houses.predict.Predict(asked(houses), timeout=60)
    houses.models.GetModelStatus(status, timeout=60)
    refused(houses.predict.Predict, asked(houses, crim="x"))

    def is_counted():
        text = houses.server.client()("/metrics").body.decode()
        counted = [line for line in text.splitlines() if 'route="grpc_' in line]
        return all(
            any(f'requests_total{{route="{route}",status="{code}"}}' in line for line in counted)
            for route, code in (
                ("grpc_predict", 200),
                ("grpc_predict", 422),
                ("grpc_status", 200),
            )
        )

    until(is_counted, "counted")


def test_it_is_replaced_when_it_is_killed(houses):
    import grpc

    os.kill(houses.server.children("mlops.serving.grpc")[0], signal.SIGKILL)

    def answers():
        try:
            return houses.predict.Predict(asked(houses), timeout=60, wait_for_ready=True)
        except grpc.RpcError:
            return None

    assert until(answers, "another one").model_spec.version.value == 1


def test_it_follows_the_ledger(houses):
    server = houses.server
    server.promote(2)
    server.serves(2)
    reply = houses.predict.Predict(asked(houses), timeout=60)
    assert reply.model_spec.version.value == 2
    said = json.loads(server.client()("/predict", {"rows": [houses.row()]}).body)["predictions"]
    assert list(reply.outputs["prediction"].double_val) == said
