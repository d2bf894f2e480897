"""SNS by boto3, and what it delivers to queues and to addresses."""

import http.server
import json
import queue
import threading

from endpoint import ACCOUNT, REGION, Checks

NOBODY = f"arn:aws:sns:{REGION}:{ACCOUNT}:nobody"


class Listener:
    """An address that keeps what is posted to it."""

    def __init__(self):
        got = self.got = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.put((dict(self.headers), body.decode()))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self):
        return self.got.get(timeout=15)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Sns(Checks):
    def setUp(self):
        super().setUp()
        self.sns, self.sqs = self.endpoint.client("sns"), self.endpoint.client("sqs")
        self.errors = self.sns.exceptions
        self.name = self._testMethodName[5:60]

    def topic(self, name=None, **attributes):
        return self.sns.create_topic(Name=name or self.name, Attributes=attributes)["TopicArn"]

    def queue(self, name=None, **attributes):
        name = name or self.name
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def subscribed(self, topic, name=None, **attributes):
        url, arn = self.queue(name)
        made = self.sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes, ReturnSubscriptionArn=True
        )
        return url, made["SubscriptionArn"]

    def messages(self, url):
        got = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return got.get("Messages", [])

    def bodies(self, url):
        return [message["Body"] for message in self.messages(url)]

    def test_topics_are_made_listed_and_deleted(self):
        topic = self.topic("plain", DisplayName="Plain")
        self.assertEqual(topic, f"arn:aws:sns:{REGION}:{ACCOUNT}:plain")
        self.assertEqual(self.topic("plain"), topic)
        told = self.sns.get_topic_attributes(TopicArn=topic)["Attributes"]
        self.has(told, TopicArn=topic, Owner=ACCOUNT, DisplayName="Plain", SubscriptionsConfirmed="0", SubscriptionsPending="0")
        self.sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="Other")
        self.has(self.sns.get_topic_attributes(TopicArn=topic)["Attributes"], DisplayName="Other")
        pages = self.sns.get_paginator("list_topics").paginate()
        self.assertIn({"TopicArn": topic}, [told for page in pages for told in page["Topics"]])
        self.refused("InvalidParameter", 400, self.sns.set_topic_attributes, kind=self.errors.InvalidParameterException,
                     TopicArn=topic, AttributeName="Nonsense", AttributeValue="x")
        self.sns.delete_topic(TopicArn=topic)
        self.sns.delete_topic(TopicArn=topic)
        gone = ("NotFound", 404)
        self.refused(*gone, self.sns.get_topic_attributes, kind=self.errors.NotFoundException, message="Topic does not exist", TopicArn=topic)
        self.refused(*gone, self.sns.publish, TopicArn=topic, Message="x")
        self.refused(*gone, self.sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")
        self.refused(*gone, self.sns.list_subscriptions_by_topic, TopicArn=topic)
        for name in ["a b", "x" * 257, "a.fifo"]:
            self.refused("InvalidParameter", 400, self.sns.create_topic, kind=self.errors.InvalidParameterException, Name=name)

    def test_tags_and_permissions(self):
        topic = self.sns.create_topic(Name=self.name, Tags=[{"Key": "a", "Value": "1"}])["TopicArn"]
        self.sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "b", "Value": "2"}])
        tags = lambda: {t["Key"]: t["Value"] for t in self.sns.list_tags_for_resource(ResourceArn=topic)["Tags"]}  # noqa: E731
        self.assertEqual(tags(), {"a": "1", "b": "2"})
        self.sns.untag_resource(ResourceArn=topic, TagKeys=["a"])
        self.assertEqual(tags(), {"b": "2"})
        self.refused("ResourceNotFound", 404, self.sns.tag_resource, kind=self.errors.ResourceNotFoundException, ResourceArn=NOBODY, Tags=[])
        grant = dict(TopicArn=topic, Label="p", AWSAccountId=["111122223333"], ActionName=["Publish"])
        self.sns.add_permission(**grant)
        policy = json.loads(self.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
        self.assertIn("p", [s["Sid"] for s in policy["Statement"]])
        self.refused("InvalidParameter", 400, self.sns.add_permission, **grant)
        self.sns.remove_permission(TopicArn=topic, Label="p")

    def test_a_queue_gets_an_envelope_or_the_message_itself(self):
        topic = self.topic()
        wrapped, _ = self.subscribed(topic, self.name + "-w")
        raw, subscription = self.subscribed(topic, self.name + "-r", RawMessageDelivery="true")
        told = {"kind": {"DataType": "String", "StringValue": "order"}}
        sent = self.sns.publish(TopicArn=topic, Message="grüß", Subject="Hello", MessageAttributes=told)
        envelope = json.loads(self.bodies(wrapped)[0])
        self.has(
            envelope,
            Type="Notification",
            MessageId=sent["MessageId"],
            TopicArn=topic,
            Subject="Hello",
            Message="grüß",
            SignatureVersion="1",
            MessageAttributes={"kind": {"Type": "String", "Value": "order"}},
        )
        self.assertLessEqual({"Timestamp", "Signature", "SigningCertURL", "UnsubscribeURL"}, set(envelope))
        got = self.messages(raw)[0]
        self.has(got, Body="grüß", MessageAttributes=told)
        self.sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="false")
        self.has(self.sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"],
                 RawMessageDelivery="false", Protocol="sqs", TopicArn=topic, Owner=ACCOUNT, PendingConfirmation="false")
        self.assertEqual(len(self.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]), 2)
        self.assertIn(subscription, [s["SubscriptionArn"] for s in self.sns.list_subscriptions()["Subscriptions"]])
        self.sns.unsubscribe(SubscriptionArn=subscription)
        self.sns.publish(TopicArn=topic, Message="after")
        self.assertEqual(self.bodies(raw), [])
        self.refused("NotFound", 404, self.sns.get_subscription_attributes, kind=self.errors.NotFoundException, SubscriptionArn=subscription)

    def test_filters_choose_messages(self):
        topic = self.topic()
        by_attribute, _ = self.subscribed(topic, self.name + "-a", RawMessageDelivery="true",
                                          FilterPolicy=json.dumps({"kind": ["order", {"prefix": "re"}], "n": [{"numeric": [">", 5]}]}))
        by_body, _ = self.subscribed(topic, self.name + "-b", RawMessageDelivery="true", FilterPolicyScope="MessageBody",
                                     FilterPolicy=json.dumps({"order": {"state": [{"anything-but": "NEW"}]}}))

        def publish(message, **attributes):
            made = {k: {"DataType": "Number" if isinstance(v, int) else "String", "StringValue": str(v)} for k, v in attributes.items()}
            self.sns.publish(TopicArn=topic, Message=message, MessageAttributes=made)

        publish("1", kind="order", n=6)
        publish("2", kind="return", n=5)
        publish("3", kind="refund", n=7)
        publish(json.dumps({"order": {"state": "PAID"}}))
        publish(json.dumps({"order": {"state": "NEW"}}))
        self.assertEqual(self.bodies(by_attribute), ["1", "3"])
        self.assertEqual(self.bodies(by_body), ['{"order": {"state": "PAID"}}'])
        self.refused("InvalidParameter", 400, self.sns.subscribe, TopicArn=topic, Protocol="sqs",
                     Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", Attributes={"FilterPolicy": '{"a": "not a list"}'})

    def test_what_is_no_message_is_refused(self):
        topic = self.topic()
        bad = ("InvalidParameter", 400, self.sns.publish)
        self.refused(*bad, kind=self.errors.InvalidParameterException, TopicArn=topic, Message="")
        self.refused(*bad, TopicArn=topic, Message="x" * 262_145)
        self.refused(*bad, TopicArn=topic, Message="x", Subject="")
        self.refused(*bad, TopicArn=topic, Message="x", Subject="x" * 101)
        self.refused(*bad, TopicArn=topic, Message="x", MessageStructure="json")
        self.refused(*bad, TopicArn="nonsense", Message="x")
        self.refused(*bad, Message="x")
        self.refused("ParameterValueInvalid", 400, self.sns.publish, kind=self.errors.InvalidParameterValueException,
                     TopicArn=topic, Message="x", MessageAttributes={"a": {"DataType": "String", "StringValue": ""}})
        self.refused("InvalidParameter", 400, self.sns.subscribe, TopicArn=topic, Protocol="pigeon", Endpoint="x")

    def test_each_protocol_gets_its_own_words(self):
        topic = self.topic()
        url, _ = self.subscribed(topic, RawMessageDelivery="true")
        self.sns.publish(TopicArn=topic, MessageStructure="json", Message=json.dumps({"default": "for all", "sqs": "for queues"}))
        self.assertEqual(self.bodies(url), ["for queues"])

    def test_batches_tell_each_entry(self):
        topic = self.topic()
        url, _ = self.subscribed(topic, RawMessageDelivery="true")
        entries = [{"Id": "a", "Message": "1"}, {"Id": "b", "Message": "2"}]
        done = self.sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
        self.assertEqual([e["Id"] for e in done["Successful"]], ["a", "b"])
        self.assertEqual(done["Failed"], [])
        self.assertEqual(self.bodies(url), ["1", "2"])
        batch = self.sns.publish_batch
        self.refused("EmptyBatchRequest", 400, batch, kind=self.errors.EmptyBatchRequestException, TopicArn=topic, PublishBatchRequestEntries=[])
        self.refused("BatchEntryIdsNotDistinct", 400, batch, kind=self.errors.BatchEntryIdsNotDistinctException,
                     TopicArn=topic, PublishBatchRequestEntries=[entries[0], entries[0]])
        many = [{"Id": str(n), "Message": "x"} for n in range(11)]
        self.refused("TooManyEntriesInBatchRequest", 400, batch, kind=self.errors.TooManyEntriesInBatchRequestException,
                     TopicArn=topic, PublishBatchRequestEntries=many)
        self.refused("NotFound", 404, batch, TopicArn=NOBODY, PublishBatchRequestEntries=entries)

    def test_fifo_topics_feed_fifo_queues(self):
        topic = self.topic(self.name + ".fifo", FifoTopic="true", ContentBasedDeduplication="true")
        url, arn = self.queue(self.name + ".fifo", FifoQueue="true")
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        self.refused("InvalidParameter", 400, self.sns.publish, TopicArn=topic, Message="1")
        for message in ["1", "2", "1"]:
            sent = self.sns.publish(TopicArn=topic, Message=message, MessageGroupId="g")
            self.assertIn("SequenceNumber", sent)
        self.assertEqual(self.bodies(url), ["1", "2"])

    def test_an_address_confirms_and_gets_messages(self):
        listener = Listener()
        self.addCleanup(listener.close)
        topic = self.topic()
        made = self.sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=listener.url)
        self.assertEqual(made["SubscriptionArn"], "pending confirmation")
        headers, body = listener.next()
        asked = json.loads(body)
        self.has(asked, Type="SubscriptionConfirmation", TopicArn=topic)
        self.assertEqual(headers["x-amz-sns-message-type"], "SubscriptionConfirmation")
        self.assertIn("Token=" + asked["Token"], asked["SubscribeURL"])
        # Not before it has confirmed.
        self.sns.publish(TopicArn=topic, Message="too early")
        self.refused("InvalidParameter", 400, self.sns.confirm_subscription, TopicArn=topic, Token="nonsense")
        confirmed = self.sns.confirm_subscription(TopicArn=topic, Token=asked["Token"])["SubscriptionArn"]
        self.sns.publish(TopicArn=topic, Message="now")
        headers, body = listener.next()
        self.has(json.loads(body), Type="Notification", Message="now")
        self.assertEqual(headers["x-amz-sns-subscription-arn"], confirmed)

    def test_paginators_see_every_topic(self):
        topics = {self.topic(f"page-{n}") for n in range(103)}
        pages = list(self.sns.get_paginator("list_topics").paginate())
        self.assertEqual(len(pages), 2)
        seen = [topic["TopicArn"] for page in pages for topic in page["Topics"]]
        self.assertLessEqual(topics, set(seen))
        self.assertEqual(len(seen), len(set(seen)))
