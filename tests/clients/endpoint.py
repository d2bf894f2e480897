"""`rehearsal serve` as a process, and boto3's clients for it."""

import json
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import unittest
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

HERE = os.path.dirname(os.path.abspath(__file__))
KEY, SECRET = "AKIDEXAMPLE", "secret"
REGION, ACCOUNT = "us-east-1", "123456789012"
# Nothing of what a developer has set up may reach the clients.
FOREIGN = re.compile(r"^(AWS_|BOTO_|HTTPS?_PROXY$|NO_PROXY$|https?_proxy$|no_proxy$)")
# Every operation that answered with success, as (service, operation).
DONE = set()


def binary():
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(HERE, "../../target"))
    return os.path.abspath(os.environ.get("REHEARSAL", os.path.join(target, "debug/rehearsal")))


def clean_environment(**more):
    own = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
    own.update(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_DEFAULT_REGION=REGION, **more)
    # No files of the developer's, either.
    own.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull, AWS_PAGER="")
    return own


class Endpoint:
    """A server on a free port, which ends with `close`."""

    def __init__(self, *arguments, services=None, folder=None):
        self.folder = folder or tempfile.mkdtemp(prefix="rehearsal-clients-")
        words = [binary(), "serve", "--port", "0", *arguments]
        if services is not None:
            path = os.path.join(self.folder, "services.yaml")
            with open(path, "w") as file:
                json.dump({"services": services}, file)
            words += ["--services", path]
        self.errors = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(
            words, cwd=self.folder, env=clean_environment(), stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        ready, _, _ = select.select([self.process.stdout], [], [], 20)
        line = self.process.stdout.readline() if ready else ""
        said = re.search(r"serves at (\S+)", line)
        if not said:
            self.process.kill()
            self.process.wait()
            self.errors.seek(0)
            raise RuntimeError(f"{words} did not start: {line}{self.errors.read()}")
        self.url = said[1]

    def client(self, service, retries=1, **config):
        """A client that tells every call it makes."""
        made = session().client(service, endpoint_url=self.url, config=configured(retries, **config))
        return told(made)

    def calls(self):
        with urllib.request.urlopen(self.url + "/_rehearsal/calls") as answer:
            return json.load(answer)["calls"]

    def close(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process.stdout.close()
            self.errors.close()
            shutil.rmtree(self.folder, ignore_errors=True)


def session():
    return boto3.session.Session(aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name=REGION)


def configured(retries=1, **config):
    config.setdefault("read_timeout", 30)
    return Config(retries={"total_max_attempts": retries, "mode": "standard"}, **config)


# What was called last, for whoever has to find out why a check failed.
LAST = []


def told(client):
    service = client.meta.service_model.service_name

    def before(params, model, **_):
        LAST.append(f"{service}.{model.name}({params!r:.600})")
        del LAST[:-3]

    def after(http_response, parsed, model, **_):
        if http_response.status_code < 300:
            DONE.add((service, model.name))
        else:
            LAST.append(f"  -> {http_response.status_code} {parsed.get('Error')}")

    client.meta.events.register("provide-client-params.*.*", before)
    client.meta.events.register("after-call.*.*", after)
    return client


class Checks(unittest.TestCase):
    """Checks with a server of their own."""

    maxDiff = None
    arguments = ()
    services = None
    # Where the server runs; it is deleted with it.
    folder = None

    @classmethod
    def setUpClass(cls):
        cls.endpoint = Endpoint(*cls.arguments, services=cls.services, folder=cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.endpoint.close()

    def setUp(self):
        LAST.clear()

    def refused(self, code, status, call, /, message=None, kind=None, **parameters):
        """The call fails with this code and status, and where they are given with this message and class."""
        try:
            answer = call(**parameters)
        except ClientError as error:
            answer = error.response
            found = (answer["Error"].get("Code"), answer["ResponseMetadata"]["HTTPStatusCode"])
            self.assertEqual(found, (code, status), answer["Error"])
            if message is not None:
                if hasattr(message, "search"):
                    self.assertRegex(answer["Error"].get("Message", ""), message)
                else:
                    self.assertEqual(answer["Error"].get("Message"), message)
            if kind is not None:
                self.assertIsInstance(error, kind)
                self.assertIsNot(kind, ClientError)
            return answer
        self.fail(f"it succeeded: {answer!r:.800}")

    def has(self, whole, **part):
        """These members of an answer are so."""
        self.assertEqual({name: whole.get(name) for name in part}, part)
        return whole
