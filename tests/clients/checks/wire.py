"""What clients see of the wire: faults and retries, signatures, TLS, proxies, and what is refused there."""

import http.client
import os
import urllib.parse

import boto3
import botocore.exceptions

from endpoint import KEY, SECRET, Checks, Endpoint, configured, session


class Wire(Checks):
    def serve(self, *arguments):
        endpoint = Endpoint(*arguments)
        self.addCleanup(endpoint.close)
        return endpoint

    def test_a_client_tries_again_after_each_fault(self):
        faults = {
            "sqs": ("ListQueues", "list_queues", ["reset@1", "closed@1", "throttled@1", "500@1", "503@1"]),
            "dynamodb": ("ListTables", "list_tables", ["throttled@1", "500@1"]),
            "sns": ("ListTopics", "list_topics", ["throttled@1", "503@1"]),
            "s3": ("ListBuckets", "list_buckets", ["throttled@1", "500@1"]),
            "lambda": ("ListFunctions", "list_functions", ["throttled@1", "500@1"]),
            "events": ("ListRules", "list_rules", ["throttled@1", "500@1"]),
            "scheduler": ("ListSchedules", "list_schedules", ["throttled@1", "500@1"]),
        }
        for service, (operation, method, kinds) in faults.items():
            for kind in kinds:
                endpoint = self.serve("--fault", f"{service}:{operation}={kind}")
                with self.subTest(service=service, kind=kind):
                    client = endpoint.client(service, retries=3)
                    answer = getattr(client, method)()
                    self.assertEqual(answer["ResponseMetadata"]["RetryAttempts"], 1)
                    self.assertEqual([call["operation"] for call in endpoint.calls()], [operation] * 2)

    def test_each_service_asks_to_be_called_less_in_its_own_words(self):
        endpoint = self.serve("--fault", "*=throttled")
        for service, method, code, status in [
            ("sqs", "list_queues", "RequestThrottled", 403),
            ("sns", "list_topics", "Throttling", 400),
            ("dynamodb", "list_tables", "ProvisionedThroughputExceededException", 400),
            ("s3", "list_buckets", "SlowDown", 503),
            ("lambda", "list_functions", "TooManyRequestsException", 429),
            ("events", "list_rules", "ThrottlingException", 400),
            ("scheduler", "list_schedules", "ThrottlingException", 429),
        ]:
            with self.subTest(service=service):
                self.refused(code, status, getattr(endpoint.client(service), method))

    def test_an_answer_that_never_comes_times_out(self):
        endpoint = self.serve("--fault", "sqs:ListQueues=black-hole@1")
        client = endpoint.client("sqs", read_timeout=1)
        self.assertRaises(botocore.exceptions.ReadTimeoutError, client.list_queues)
        self.assertEqual(client.list_queues()["ResponseMetadata"]["HTTPStatusCode"], 200)

    def test_a_body_that_breaks_off_is_noticed(self):
        endpoint = self.serve("--fault", "s3:GetObject=truncated@1")
        s3 = endpoint.client("s3", s3={"addressing_style": "path"})
        s3.create_bucket(Bucket="cut")
        s3.put_object(Bucket="cut", Key="k", Body=b"x" * 1000)
        cut = s3.get_object(Bucket="cut", Key="k")["Body"]
        self.assertRaises((botocore.exceptions.IncompleteReadError, botocore.exceptions.ResponseStreamingError), cut.read)
        self.assertEqual(len(s3.get_object(Bucket="cut", Key="k")["Body"].read()), 1000)

    def test_work_is_done_although_the_answer_is_lost(self):
        endpoint = self.serve("--fault", "sqs:SendMessage=reset-after@1")
        client = endpoint.client("sqs", retries=2)
        url = client.create_queue(QueueName="twice")["QueueUrl"]
        client.send_message(QueueUrl=url, MessageBody="x")
        got = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        self.assertEqual([m["Body"] for m in got], ["x", "x"])

    def test_signatures_are_checked_where_that_is_asked_for(self):
        endpoint = self.serve("--check-signatures", f"{KEY}:{SECRET}")
        for service, method in [("sqs", "list_queues"), ("sns", "list_topics"), ("s3", "list_buckets"), ("dynamodb", "list_tables"),
                                ("lambda", "list_functions"), ("events", "list_rules"), ("scheduler", "list_schedules")]:
            with self.subTest(service=service):
                getattr(endpoint.client(service), method)()
        s3 = endpoint.client("s3", s3={"addressing_style": "path"})
        s3.create_bucket(Bucket="signed")
        s3.put_object(Bucket="signed", Key="a b/ü+=", Body=b"x" * 100_000, Metadata={"a": "1"})
        self.assertEqual(len(s3.get_object(Bucket="signed", Key="a b/ü+=")["Body"].read()), 100_000)
        for key, secret, codes in [
            (KEY, "other", {"sqs": ("SignatureDoesNotMatch", 403), "s3": ("SignatureDoesNotMatch", 403), "dynamodb": ("InvalidSignatureException", 400)}),
            ("OTHER", SECRET, {"sqs": ("InvalidClientTokenId", 403), "s3": ("InvalidAccessKeyId", 403), "dynamodb": ("UnrecognizedClientException", 400)}),
        ]:
            other = boto3.session.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1")
            for service, method in [("sqs", "list_queues"), ("s3", "list_buckets"), ("dynamodb", "list_tables")]:
                with self.subTest(service=service, key=key):
                    client = other.client(service, endpoint_url=endpoint.url, config=configured())
                    self.refused(*codes[service], getattr(client, method))

    def test_tls_is_trusted_by_its_certificate(self):
        endpoint = self.serve("--tls")
        self.assertTrue(endpoint.url.startswith("https://"))
        bundle = os.path.join(endpoint.folder, "rehearsal-ca.pem")
        os.environ["AWS_CA_BUNDLE"] = bundle
        self.addCleanup(os.environ.pop, "AWS_CA_BUNDLE")
        for service, method in [("sqs", "list_queues"), ("s3", "list_buckets")]:
            getattr(endpoint.client(service), method)()
        del os.environ["AWS_CA_BUNDLE"]
        self.assertRaises(botocore.exceptions.SSLError, endpoint.client("sqs").list_queues)
        os.environ["AWS_CA_BUNDLE"] = bundle

    def test_a_proxy_needs_no_endpoint(self):
        endpoint = self.serve()
        os.environ["HTTP_PROXY"] = endpoint.url
        self.addCleanup(os.environ.pop, "HTTP_PROXY")
        for service, method in [("sqs", "list_queues"), ("sns", "list_topics"), ("dynamodb", "list_tables"), ("s3", "list_buckets"),
                                ("lambda", "list_functions"), ("events", "list_rules"), ("scheduler", "list_schedules")]:
            with self.subTest(service=service):
                getattr(session().client(service, use_ssl=False, config=configured()), method)()
        self.assertEqual(len(endpoint.calls()), 7)

    def asked(self, headers, method="POST", path="/", body=b""):
        host = urllib.parse.urlsplit(self.endpoint.url).netloc
        connection = http.client.HTTPConnection(host, timeout=10)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def test_what_is_no_request_is_refused_and_the_server_lives_on(self):
        json10 = {"Content-Type": "application/x-amz-json-1.0"}
        self.assertEqual(self.asked({"X-Amz-Target": "AmazonSQS.ListQueues", **json10}, body=b"{")[0], 400)
        status, body = self.asked({"X-Amz-Target": "AmazonSQS.Nonsense", **json10}, body=b"{}")
        self.assertEqual((status, "UnknownOperationException" in body), (400, True), body)
        status, body = self.asked({"X-Amz-Target": "DynamoDB_20120810.Nonsense", **json10}, body=b"{}")
        self.assertEqual((status, "UnknownOperationException" in body), (400, True), body)
        status, body = self.asked({"Content-Type": "application/x-www-form-urlencoded"}, body=b"Action=Nonsense&Version=2010-03-31")
        self.assertEqual((status, "InvalidAction" in body), (400, True), body)
        self.assertEqual(self.asked({"Host": "evil.example"})[0], 403)
        self.assertEqual(self.endpoint.client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"], 200)

    def test_every_request_is_kept_with_what_it_asked(self):
        endpoint = self.serve()
        sqs = endpoint.client("sqs")
        sqs.create_queue(QueueName="kept", Attributes={"DelaySeconds": "1"})
        self.refused("AWS.SimpleQueueService.NonExistentQueue", 400, sqs.get_queue_url, QueueName="other")
        first, second = endpoint.calls()
        self.has(first, service="sqs", operation="CreateQueue", status=200, parameters={"QueueName": "kept", "Attributes": {"DelaySeconds": "1"}})
        self.has(second, operation="GetQueueUrl", status=400)


class Strangers(Checks):
    def test_what_is_for_a_service_without_a_model_is_refused_by_name_and_touches_nothing(self):
        s3 = self.endpoint.client("s3")
        s3.create_bucket(Bucket="restapis")
        s3.put_object(Bucket="restapis", Key="abc", Body=b"x")
        for service, call, parameters in [
            ("apigateway", "delete_rest_api", dict(restApiId="abc")),
            ("iam", "get_user", {}),
            ("ssm", "get_parameter", dict(Name="p")),
            ("cloudformation", "list_stacks", {}),
        ]:
            client = self.endpoint.client(service)
            refused = self.refused("NotModelled" if service != "ssm" else "NotModelled", 501, getattr(client, call), **parameters)
            self.assertIn(service, refused["Error"]["Message"])
        self.assertEqual(s3.get_object(Bucket="restapis", Key="abc")["Body"].read(), b"x")

    def test_an_object_without_bytes_does_not_hold_up_the_next(self):
        s3 = self.endpoint.client("s3", read_timeout=5)
        s3.create_bucket(Bucket="empties")
        for body in (b"", b"x", b"", b"y"):
            s3.put_object(Bucket="empties", Key="k", Body=body)
        self.assertEqual(s3.get_object(Bucket="empties", Key="k")["Body"].read(), b"y")
