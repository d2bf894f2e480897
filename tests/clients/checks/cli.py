"""The AWS CLI with nothing but AWS_ENDPOINT_URL."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

from endpoint import ACCOUNT, REGION, Checks, clean_environment


def program():
    """The one beside this Python, else the first on the path."""
    beside = os.path.join(os.path.dirname(sys.executable), "aws")
    return beside if os.path.exists(beside) else shutil.which("aws")


class Cli(Checks):
    def aws(self, *words, fails=None):
        if words[0] == "sqs":
            # Version 1 of the CLI takes an old name of SQS in us-east-1 before it looks at AWS_ENDPOINT_URL.
            words += ("--endpoint-url", self.endpoint.url)
        done = subprocess.run(
            [program(), *words], env=clean_environment(AWS_ENDPOINT_URL=self.endpoint.url), cwd=self.folder, capture_output=True, text=True, timeout=60
        )
        if fails:
            self.assertNotEqual(done.returncode, 0, done.stdout)
            self.assertIn(fails, done.stderr)
            return None
        self.assertEqual(done.returncode, 0, f"{words}: {done.stderr}")
        try:
            return json.loads(done.stdout) if done.stdout.strip() else None
        except ValueError:
            return done.stdout

    def setUp(self):
        super().setUp()
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.folder = kept.name

    def test_s3(self):
        self.aws("s3", "mb", "s3://files")
        os.mkdir(os.path.join(self.folder, "in"))
        for name, size in [("a.txt", 5), ("b c.bin", 9 * 1024 * 1024)]:
            with open(os.path.join(self.folder, "in", name), "wb") as file:
                file.write(os.urandom(size))
        self.aws("s3", "sync", "in", "s3://files/in")
        listed = self.aws("s3", "ls", "s3://files/in/")
        self.assertEqual([line.split(None, 3)[3] for line in listed.splitlines()], ["a.txt", "b c.bin"])
        self.aws("s3", "cp", "s3://files/in/b c.bin", "back")
        with open(os.path.join(self.folder, "back"), "rb") as back, open(os.path.join(self.folder, "in", "b c.bin"), "rb") as sent:
            self.assertTrue(back.read() == sent.read())
        self.aws("s3", "cp", "s3://files/none", "x", fails="404")
        self.aws("s3", "rb", "s3://files", "--force")

    def test_queues_and_topics(self):
        url = self.aws("sqs", "create-queue", "--queue-name", "q")["QueueUrl"]
        topic = self.aws("sns", "create-topic", "--name", "t")["TopicArn"]
        self.aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q",
                 "--attributes", "RawMessageDelivery=true")
        self.aws("sns", "publish", "--topic-arn", topic, "--message", "hello")
        self.assertEqual(self.aws("sqs", "receive-message", "--queue-url", url)["Messages"][0]["Body"], "hello")
        self.aws("sqs", "get-queue-url", "--queue-name", "none", fails="AWS.SimpleQueueService.NonExistentQueue")

    def test_tables_are_waited_for(self):
        made = "--attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH --billing-mode PAY_PER_REQUEST"
        self.aws("dynamodb", "create-table", "--table-name", "orders", *made.split())
        self.aws("dynamodb", "wait", "table-exists", "--table-name", "orders")
        self.aws("dynamodb", "put-item", "--table-name", "orders", "--item", '{"id": {"S": "1"}}')
        self.assertEqual(self.aws("dynamodb", "scan", "--table-name", "orders")["Count"], 1)

    def test_events_and_functions(self):
        entries = json.dumps([{"Source": "shop", "DetailType": "Placed", "Detail": "{}"}])
        self.assertEqual(self.aws("events", "put-events", "--entries", entries)["FailedEntryCount"], 0)
        self.assertEqual(self.aws("lambda", "list-functions")["Functions"], [])
        self.aws("lambda", "invoke", "--function-name", "nobody", "out", fails="ResourceNotFoundException")
