#!/usr/bin/env python3
"""boto3 and the AWS CLI, as they are, against `rehearsal serve`: every operation that the models offer, results and
errors, paginators, waiters, long polls, presigned URLs, faults, proxies and TLS.

    python3 tests/clients/aws.py [BINARY] [-k WORD] [--only FILE] [--no-census]

Needs boto3, awscli and awslambdaric (see `.ci/run`), and the binary, which `cargo build --features cli` makes; REHEARSAL
names another one. Its last line says how many checks passed and how many failed.
"""

import argparse
import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import endpoint  # noqa: E402

MODULES = ["sqs", "sns", "dynamodb", "s3", "functions", "events", "scheduler", "stepfunctions", "machines", "wire", "cli"]


class Told(unittest.TextTestResult):
    """Counts what passed, and says what was called before a check failed."""

    passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1

    def _exc_info_to_string(self, err, test):
        calls = "".join(f"    {call}\n" for call in endpoint.LAST)
        return super()._exc_info_to_string(err, test) + ("  the last calls:\n" + calls if calls else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", nargs="?")
    parser.add_argument("-k", dest="word", help="only checks whose name holds this word")
    parser.add_argument("--only", action="append", choices=MODULES, help="only the checks of this file")
    parser.add_argument("--no-census", action="store_true", help="do not ask which operations nobody has checked")
    arguments = parser.parse_args()
    if arguments.binary:
        os.environ["REHEARSAL"] = os.path.abspath(arguments.binary)
    # What clients read from the environment is ours in this process, too.
    for name in [name for name in os.environ if endpoint.FOREIGN.match(name)]:
        del os.environ[name]
    os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)

    names = [f"checks.{name}" for name in arguments.only or MODULES]
    if not (arguments.word or arguments.only or arguments.no_census):
        # It looks at what all others did.
        names.append("checks.census")
    loader = unittest.TestLoader()
    if arguments.word:
        loader.testNamePatterns = [f"*{arguments.word}*"]
    began = time.monotonic()
    suite = loader.loadTestsFromNames(names)
    done = unittest.TextTestRunner(stream=sys.stdout, resultclass=Told, verbosity=1).run(suite)
    failed = len(done.failures) + len(done.errors)
    print(f"{time.monotonic() - began:.1f} s")
    print(f"{done.passed} passed, {failed} failed")
    return 1 if failed or not done.passed or done.skipped else 0


if __name__ == "__main__":
    sys.exit(main())
