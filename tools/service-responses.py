#!/usr/bin/env python3
"""Writes `src/test_state/responses.txt`: what answers of AWS APIs look like, as far as TestState's mocks are checked.

    python3 tools/service-responses.py > src/test_state/responses.txt

Reads the API models that botocore brings along (`pip install botocore`). Only facts are kept: names of members, their
types, which are required, enumerations and bounds. `src/test_state/responses.rs` says how the file is read.
"""
import sys

import botocore
import botocore.session

# Services with all their operations: those that SDK integrations of state machines call most.
WHOLE = "dynamodb events kms lambda s3 scheduler secretsmanager sns sqs stepfunctions sts".split()

# The optimised integrations of further services, and the calls with which their jobs are polled.
SOME = {
    "athena": "GetQueryExecution GetQueryResults StartQueryExecution StopQueryExecution",
    "batch": "DescribeJobs SubmitJob",
    "bedrock": "CreateModelCustomizationJob GetModelCustomizationJob",
    "bedrock-runtime": "Converse InvokeModel",
    "codebuild": "BatchDeleteBuilds BatchGetBuildBatches BatchGetBuilds BatchGetReports StartBuild StartBuildBatch "
    "StopBuild StopBuildBatch",
    "databrew": "DescribeJobRun StartJobRun",
    "ecs": "DescribeTasks RunTask StopTask",
    "eks": "CreateCluster CreateFargateProfile CreateNodegroup DeleteCluster DeleteFargateProfile DeleteNodegroup "
    "DescribeCluster DescribeFargateProfile DescribeNodegroup",
    "emr": "AddJobFlowSteps CancelSteps DescribeCluster DescribeStep RunJobFlow",
    "emr-containers": "CreateVirtualCluster DeleteVirtualCluster DescribeJobRun DescribeVirtualCluster StartJobRun",
    "emr-serverless": "CancelJobRun CreateApplication DeleteApplication GetApplication GetJobRun StartApplication "
    "StartJobRun StopApplication",
    "glue": "GetCrawler GetJobRun StartCrawler StartJobRun",
    "mediaconvert": "CreateJob GetJob",
    "sagemaker": "CreateEndpoint CreateEndpointConfig CreateHyperParameterTuningJob CreateLabelingJob CreateModel "
    "CreateProcessingJob CreateTrainingJob CreateTransformJob DescribeHyperParameterTuningJob DescribeLabelingJob "
    "DescribeProcessingJob DescribeTrainingJob DescribeTransformJob UpdateEndpoint",
    "ssm": "GetAutomationExecution GetCommandInvocation GetParameter GetParameters GetParametersByPath PutParameter "
    "SendCommand StartAutomationExecution",
}

# Below this level of a response anything is taken: a job of MediaConvert alone has as many members as ten services.
DEEPEST = {"mediaconvert": 2}

# Bounds with which the service was seen to check, where the published model has moved on.
SEEN = {("lambda", "MemorySize"): "128..10240"}

NUMBERS = {"integer", "long", "float", "double", "bigdecimal", "short", "byte"}


def upper(name):
    return name[:1].upper() + name[1:]


def bounds(shape):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name not in NUMBERS and low == 0:
        low = None
    # Bounds beyond what a mock may hold at all say nothing.
    if shape.type_name not in NUMBERS and high is not None and high > 262144:
        high = None
    return "" if low is None and high is None else f"{'' if low is None else low}..{'' if high is None else high}"


class Service:
    def __init__(self, model):
        self.model, self.shapes, self.enums = model, {}, {}

    def type_of(self, shape, level=0):
        t = shape.type_name
        if t == "structure":
            if getattr(shape, "is_document_type", False) or level > DEEPEST.get(self.model.service_name, level):
                return "a"
            self.structure(shape, level)
            return "@" + shape.name
        if t == "list":
            return "[" + self.type_of(shape.member, level)
        if t == "map":
            return "{" + self.type_of(shape.value, level)
        if t == "boolean":
            return "b"
        if t in NUMBERS:
            return "n" + SEEN.get((self.model.service_name, shape.name), bounds(shape))
        if t == "string" and shape.enum:
            self.enums[shape.name] = shape.enum
            return "=" + shape.name
        return "s" + bounds(shape)          # strings, blobs and timestamps are texts

    def structure(self, shape, level):
        if shape.name not in self.shapes:
            self.shapes[shape.name] = None
            required = set(shape.required_members)
            members = ((n, self.type_of(m, level + 1)) for n, m in shape.members.items())
            self.shapes[shape.name] = " ".join(f"{'!' if n in required else ''}{upper(n)}:{t}" for n, t in members)

    def write(self, operations, out):
        service = str(self.model.service_id).lower().replace(" ", "")
        out.append(f"# {service}")
        for name in operations:
            shape = self.model.operation_model(name).output_shape
            if shape is not None and shape.members:
                out.append(f"> {upper(name)} {self.type_of(shape)}")
        out.extend(f"= {name} {' '.join(e.replace(' ', '_') for e in values)}" for name, values in sorted(self.enums.items()))
        out.extend(f"@ {name} {members}".rstrip() for name, members in sorted(self.shapes.items()))


def main():
    session = botocore.session.get_session()
    out = [f"; Made from botocore {botocore.__version__} by tools/service-responses.py."]
    for name in sorted([*WHOLE, *SOME]):
        model = session.get_service_model(name)
        operations = SOME[name].split() if name in SOME else model.operation_names
        Service(model).write(operations, out)
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
