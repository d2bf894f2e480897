"""SQS by boto3."""

import hashlib
import json
import threading
import time

from endpoint import ACCOUNT, REGION, Checks


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def arn(name):
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


class Sqs(Checks):
    def setUp(self):
        super().setUp()
        self.sqs = self.endpoint.client("sqs")
        self.errors = self.sqs.exceptions
        self.name = self._testMethodName[5:60]

    def queue(self, name=None, **attributes):
        return self.sqs.create_queue(QueueName=name or self.name, Attributes=attributes)["QueueUrl"]

    def fifo(self, **attributes):
        return self.queue(self.name[:50] + ".fifo", FifoQueue="true", **attributes)

    def bodies(self, url, most=10, **more):
        got = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=most, **more)
        return [message["Body"] for message in got.get("Messages", [])]

    def test_queues_are_made_found_and_deleted(self):
        url = self.queue("plain-1", VisibilityTimeout="45")
        self.assertTrue(url.endswith(f"/{ACCOUNT}/plain-1"), url)
        self.assertEqual(self.queue("plain-1", VisibilityTimeout="45"), url)
        self.assertEqual(self.sqs.get_queue_url(QueueName="plain-1")["QueueUrl"], url)
        self.queue("plain-2")
        listed = self.sqs.list_queues(QueueNamePrefix="plain-")["QueueUrls"]
        self.assertEqual([u.rsplit("/", 1)[1] for u in listed], ["plain-1", "plain-2"])
        self.assertNotIn("QueueUrls", self.sqs.list_queues(QueueNamePrefix="nobody"))
        self.refused("QueueAlreadyExists", 400, self.queue, kind=self.errors.QueueNameExists, name="plain-1", VisibilityTimeout="46")
        self.sqs.delete_queue(QueueUrl=url)
        gone = ("AWS.SimpleQueueService.NonExistentQueue", 400)
        self.refused(*gone, self.sqs.get_queue_url, kind=self.errors.QueueDoesNotExist, QueueName="plain-1")
        self.refused(*gone, self.sqs.send_message, kind=self.errors.QueueDoesNotExist, QueueUrl=url, MessageBody="x")
        self.refused(*gone, self.sqs.receive_message, kind=self.errors.QueueDoesNotExist, QueueUrl=url)
        self.refused(*gone, self.sqs.get_queue_attributes, kind=self.errors.QueueDoesNotExist, QueueUrl=url)
        self.refused(*gone, self.sqs.purge_queue, kind=self.errors.QueueDoesNotExist, QueueUrl=url)
        self.refused(*gone, self.sqs.delete_queue, kind=self.errors.QueueDoesNotExist, QueueUrl=url)

    def test_names_and_attributes_are_checked(self):
        for name in ["a b", "x" * 81, "a.fifo.b"]:
            self.refused("InvalidParameterValue", 400, self.sqs.create_queue, QueueName=name)
        self.refused("InvalidAttributeName", 400, self.queue, kind=self.errors.InvalidAttributeName, Nonsense="1")
        self.refused("InvalidAttributeValue", 400, self.queue, kind=self.errors.InvalidAttributeValue, VisibilityTimeout="43201")
        self.refused("InvalidAttributeValue", 400, self.queue, DelaySeconds="901")
        self.refused("InvalidAttributeValue", 400, self.queue, MaximumMessageSize="1")
        url = self.queue()
        self.refused(
            "InvalidAttributeName", 400, self.sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["Nonsense"]
        )

    def test_attributes_tell_about_a_queue(self):
        url = self.queue(DelaySeconds="5", ReceiveMessageWaitTimeSeconds="1")
        whole = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.has(
            whole,
            QueueArn=arn(self.name),
            DelaySeconds="5",
            VisibilityTimeout="30",
            MessageRetentionPeriod="345600",
            ReceiveMessageWaitTimeSeconds="1",
            ApproximateNumberOfMessages="0",
            ApproximateNumberOfMessagesNotVisible="0",
            ApproximateNumberOfMessagesDelayed="0",
            SqsManagedSseEnabled="true",
        )
        self.assertIn("CreatedTimestamp", whole)
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "0", "VisibilityTimeout": "7"})
        one = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
        self.assertEqual(one, {"VisibilityTimeout": "7"})
        self.assertNotIn("Attributes", self.sqs.get_queue_attributes(QueueUrl=url))

    def test_tags_and_permissions(self):
        url = self.sqs.create_queue(QueueName=self.name, tags={"team": "pay"})["QueueUrl"]
        self.sqs.tag_queue(QueueUrl=url, Tags={"stage": "test"})
        self.assertEqual(self.sqs.list_queue_tags(QueueUrl=url)["Tags"], {"team": "pay", "stage": "test"})
        self.sqs.untag_queue(QueueUrl=url, TagKeys=["team"])
        self.assertEqual(self.sqs.list_queue_tags(QueueUrl=url)["Tags"], {"stage": "test"})
        self.sqs.add_permission(QueueUrl=url, Label="p1", AWSAccountIds=["111122223333"], Actions=["SendMessage"])
        policy = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
        self.assertEqual([s["Sid"] for s in json.loads(policy)["Statement"]], ["p1"])
        self.sqs.remove_permission(QueueUrl=url, Label="p1")
        self.refused("InvalidParameterValue", 400, self.sqs.remove_permission, QueueUrl=url, Label="p1")

    def test_a_message_goes_through_with_its_digests(self):
        url = self.queue()
        told = {"kind": {"DataType": "String", "StringValue": "order"}, "n": {"DataType": "Number", "StringValue": "3"},
                "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
        # botocore checks both digests itself.
        sent = self.sqs.send_message(QueueUrl=url, MessageBody="grüß 🎈", MessageAttributes=told)
        self.assertEqual(sent["MD5OfMessageBody"], md5("grüß 🎈"))
        self.assertIn("MD5OfMessageAttributes", sent)
        got = self.sqs.receive_message(
            QueueUrl=url, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"]
        )["Messages"][0]
        self.has(got, Body="grüß 🎈", MessageId=sent["MessageId"], MessageAttributes=told)
        self.assertEqual(got["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"])
        self.has(got["Attributes"], ApproximateReceiveCount="1")
        self.assertEqual(
            set(got["Attributes"]),
            {"SenderId", "ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "SentTimestamp"},
        )
        self.assertEqual(self.bodies(url), [])
        self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"], VisibilityTimeout=0)
        again = self.sqs.receive_message(QueueUrl=url, AttributeNames=["ApproximateReceiveCount"])["Messages"][0]
        self.assertEqual(again["Attributes"], {"ApproximateReceiveCount": "2"})
        self.assertNotIn("MessageAttributes", again)
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
        # Deleted twice is no error.
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
        self.refused("ReceiptHandleIsInvalid", 404, self.sqs.delete_message, kind=self.errors.ReceiptHandleIsInvalid, QueueUrl=url, ReceiptHandle="nonsense")

    def test_what_is_no_message_is_refused(self):
        url = self.queue(MaximumMessageSize="1024")
        send = self.sqs.send_message
        self.refused("InvalidMessageContents", 400, send, kind=self.errors.InvalidMessageContents, QueueUrl=url, MessageBody="a\u0001b")
        self.refused("InvalidParameterValue", 400, send, QueueUrl=url, MessageBody="x" * 1025,
                     message="One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.")
        self.refused("MissingParameter", 400, send, QueueUrl=url, MessageBody="")
        self.refused("InvalidParameterValue", 400, send, QueueUrl=url, MessageBody="x", DelaySeconds=901)
        self.refused("InvalidParameterValue", 400, send, QueueUrl=url, MessageBody="x",
                     MessageAttributes={"a": {"DataType": "Strange", "StringValue": "x"}})
        self.refused("InvalidParameterValue", 400, send, QueueUrl=url, MessageBody="x", MessageDeduplicationId="x")
        self.refused("InvalidParameterValue", 400, self.sqs.receive_message, QueueUrl=url, MaxNumberOfMessages=11)
        self.refused("InvalidParameterValue", 400, self.sqs.receive_message, QueueUrl=url, WaitTimeSeconds=21)

    def test_batches_tell_each_entry(self):
        url = self.queue()
        sent = self.sqs.send_message_batch(
            QueueUrl=url,
            Entries=[{"Id": "a", "MessageBody": "1"}, {"Id": "b", "MessageBody": "2", "DelaySeconds": 901}, {"Id": "c", "MessageBody": "3"}],
        )
        self.assertEqual([e["Id"] for e in sent["Successful"]], ["a", "c"])
        self.assertEqual([(e["Id"], e["Code"], e["SenderFault"]) for e in sent["Failed"]], [("b", "InvalidParameterValue", True)])
        got = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        self.assertEqual(sorted(m["Body"] for m in got), ["1", "3"])
        changed = self.sqs.change_message_visibility_batch(
            QueueUrl=url, Entries=[{"Id": m["Body"], "ReceiptHandle": m["ReceiptHandle"], "VisibilityTimeout": 60} for m in got]
        )
        self.assertEqual(sorted(e["Id"] for e in changed["Successful"]), ["1", "3"])
        entries = [{"Id": m["Body"], "ReceiptHandle": m["ReceiptHandle"]} for m in got]
        deleted = self.sqs.delete_message_batch(QueueUrl=url, Entries=entries + [{"Id": "no", "ReceiptHandle": "no"}])
        self.assertEqual(sorted(e["Id"] for e in deleted["Successful"]), ["1", "3"])
        self.assertEqual([(e["Id"], e["Code"]) for e in deleted["Failed"]], [("no", "ReceiptHandleIsInvalid")])
        one = {"Id": "a", "MessageBody": "x"}
        send = self.sqs.send_message_batch
        prefix = "AWS.SimpleQueueService."
        self.refused(prefix + "EmptyBatchRequest", 400, send, kind=self.errors.EmptyBatchRequest, QueueUrl=url, Entries=[])
        self.refused(prefix + "BatchEntryIdsNotDistinct", 400, send, kind=self.errors.BatchEntryIdsNotDistinct, QueueUrl=url, Entries=[one, one])
        many = [{"Id": str(n), "MessageBody": "x"} for n in range(11)]
        self.refused(prefix + "TooManyEntriesInBatchRequest", 400, send, kind=self.errors.TooManyEntriesInBatchRequest, QueueUrl=url, Entries=many)
        self.refused(prefix + "InvalidBatchEntryId", 400, send, kind=self.errors.InvalidBatchEntryId, QueueUrl=url, Entries=[{"Id": "a b", "MessageBody": "x"}])
        big = [{"Id": str(n), "MessageBody": "x" * 200_000} for n in range(6)]
        self.refused(prefix + "BatchRequestTooLong", 400, send, kind=self.errors.BatchRequestTooLong, QueueUrl=url, Entries=big)

    def test_a_long_poll_wakes_when_a_message_arrives(self):
        url = self.queue()
        other = self.endpoint.client("sqs")
        got = []
        poll = threading.Thread(target=lambda: got.extend(other.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]))
        began = time.monotonic()
        poll.start()
        # The poll has come when the endpoint knows of it, or soon does: either way the message is what ends it.
        self.sqs.send_message(QueueUrl=url, MessageBody="here")
        poll.join(20)
        self.assertEqual([m["Body"] for m in got], ["here"])
        self.assertLess(time.monotonic() - began, 15)

    def test_a_delayed_message_is_worth_waiting_for(self):
        url = self.queue()
        self.sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=10)
        self.assertEqual(self.bodies(url), [])
        began = time.monotonic()
        self.assertEqual(self.bodies(url, WaitTimeSeconds=15), ["late"])
        # The virtual clock went, not ours.
        self.assertLess(time.monotonic() - began, 8)

    def test_fifo_queues_keep_order_and_forget_duplicates(self):
        url = self.fifo()
        send = self.sqs.send_message
        self.refused("MissingParameter", 400, send, QueueUrl=url, MessageBody="x", MessageDeduplicationId="1")
        self.refused("InvalidParameterValue", 400, send, QueueUrl=url, MessageBody="x", MessageGroupId="g")
        first = send(QueueUrl=url, MessageBody="1", MessageGroupId="g", MessageDeduplicationId="1")
        again = send(QueueUrl=url, MessageBody="1", MessageGroupId="g", MessageDeduplicationId="1")
        self.assertEqual(again["SequenceNumber"], first["SequenceNumber"])
        self.assertEqual(again["MessageId"], first["MessageId"])
        for body, group in [("2", "g"), ("3", "h")]:
            send(QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=body)
        got = self.sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"][0]
        self.has(got["Attributes"], MessageGroupId="g", MessageDeduplicationId="1", SequenceNumber=first["SequenceNumber"])
        # The group is taken until its message is deleted.
        self.assertEqual(self.bodies(url, most=1), ["3"])
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
        self.assertEqual(self.bodies(url), ["2"])
        self.refused("InvalidParameterValue", 400, send, QueueUrl=url, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="9", DelaySeconds=3)

    def test_content_can_be_what_is_compared(self):
        url = self.fifo(ContentBasedDeduplication="true")
        ids = {self.sqs.send_message(QueueUrl=url, MessageBody="same", MessageGroupId="g")["MessageId"] for _ in range(2)}
        self.assertEqual(len(ids), 1)
        self.assertEqual(self.bodies(url), ["same"])

    def test_dead_letters_go_aside_and_come_back(self):
        dead = self.queue(self.name + "-dead")
        redrive = json.dumps({"deadLetterTargetArn": arn(self.name + "-dead"), "maxReceiveCount": 1})
        url = self.queue(RedrivePolicy=redrive, VisibilityTimeout="0")
        self.assertEqual(self.sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"], [url])
        self.sqs.send_message(QueueUrl=url, MessageBody="poison")
        self.assertEqual(self.bodies(url), ["poison"])
        self.assertEqual(self.bodies(url), [])
        self.assertEqual(self.bodies(dead, VisibilityTimeout=0), ["poison"])
        task = self.sqs.start_message_move_task(SourceArn=arn(self.name + "-dead"))["TaskHandle"]
        told = self.sqs.list_message_move_tasks(SourceArn=arn(self.name + "-dead"))["Results"][0]
        self.assertIn(told["Status"], ["RUNNING", "COMPLETED"])
        self.assertEqual(self.bodies(url, WaitTimeSeconds=5), ["poison"])
        cancel = self.sqs.cancel_message_move_task
        self.refused("AWS.SimpleQueueService.UnsupportedOperation", 400, cancel, kind=self.errors.UnsupportedOperation, TaskHandle=task)
        self.refused("InvalidParameterValue", 400, cancel, TaskHandle="nonsense")
        self.refused("ResourceNotFoundException", 404, self.sqs.start_message_move_task, SourceArn=arn("nobody"))

    def test_a_purge_empties_and_is_not_done_twice(self):
        url = self.queue()
        self.sqs.send_message(QueueUrl=url, MessageBody="x")
        self.sqs.purge_queue(QueueUrl=url)
        self.assertEqual(self.bodies(url), [])
        self.refused("AWS.SimpleQueueService.PurgeQueueInProgress", 403, self.sqs.purge_queue, kind=self.errors.PurgeQueueInProgress, QueueUrl=url)

    def test_paginators_see_every_queue(self):
        for n in range(7):
            self.queue(f"page-{n}")
        pages = list(self.sqs.get_paginator("list_queues").paginate(QueueNamePrefix="page-", PaginationConfig={"PageSize": 3}))
        self.assertEqual([len(p["QueueUrls"]) for p in pages], [3, 3, 1])


class SqsWithTheClockHeld(Checks):
    """Nothing that takes time happens by itself."""

    arguments = ("--clock", "manual")

    def test_a_move_can_be_stopped(self):
        sqs = self.endpoint.client("sqs")
        dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
        redrive = json.dumps({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 1})
        sqs.create_queue(QueueName="live", Attributes={"RedrivePolicy": redrive})
        entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(10)]
        sqs.send_message_batch(QueueUrl=dead, Entries=entries)
        start = dict(SourceArn=arn("dead"), DestinationArn=arn("live"), MaxNumberOfMessagesPerSecond=1)
        task = sqs.start_message_move_task(**start)["TaskHandle"]
        self.refused("AWS.SimpleQueueService.UnsupportedOperation", 400, sqs.start_message_move_task, **start)
        told = sqs.list_message_move_tasks(SourceArn=arn("dead"))["Results"][0]
        self.has(told, Status="RUNNING", TaskHandle=task, ApproximateNumberOfMessagesToMove=10)
        stopped = sqs.cancel_message_move_task(TaskHandle=task)
        self.assertEqual(stopped["ApproximateNumberOfMessagesMoved"], 1)
        told = sqs.list_message_move_tasks(SourceArn=arn("dead"))["Results"][0]
        self.has(told, Status="CANCELLED", ApproximateNumberOfMessagesMoved=1)


class WithTheRealClock(Checks):
    """A program that sleeps is given a clock that goes as well."""

    arguments = ("--clock", "scaled:20")

    def test_a_message_comes_back_to_a_long_poll_and_to_one_who_has_slept(self):
        import time

        sqs = self.endpoint.client("sqs")
        url = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "4"})["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="m")
        self.assertEqual(len(sqs.receive_message(QueueUrl=url)["Messages"]), 1)
        self.assertNotIn("Messages", sqs.receive_message(QueueUrl=url))
        began = time.monotonic()
        self.assertEqual(len(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]), 1)
        self.assertLess(time.monotonic() - began, 2)
        time.sleep(0.3)
        self.assertEqual(len(sqs.receive_message(QueueUrl=url)["Messages"]), 1)
