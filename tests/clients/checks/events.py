"""EventBridge by boto3, and what its rules send."""

import json

from endpoint import ACCOUNT, REGION, Checks


def arn(what, service="events"):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{what}"


class Events(Checks):
    def setUp(self):
        super().setUp()
        self.events, self.sqs = self.endpoint.client("events"), self.endpoint.client("sqs")
        self.errors = self.events.exceptions
        self.name = self._testMethodName[5:55]

    def queue(self, name=None):
        name = name or self.name
        return self.sqs.create_queue(QueueName=name)["QueueUrl"], arn(name, "sqs")

    def got(self, url):
        messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    def put(self, detail, kind="Placed", source="shop", **more):
        entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail), **more}
        return self.events.put_events(Entries=[entry])

    def test_buses_are_made_changed_and_deleted(self):
        bus = self.events.create_event_bus(Name="orders", Description="first")["EventBusArn"]
        self.assertEqual(bus, arn("event-bus/orders"))
        self.has(self.events.describe_event_bus(Name="orders"), Name="orders", Arn=bus, Description="first")
        self.events.update_event_bus(Name="orders", Description="second")
        self.has(self.events.describe_event_bus(Name="orders"), Description="second")
        self.assertEqual([b["Name"] for b in self.events.list_event_buses()["EventBuses"]], ["default", "orders"])
        self.refused("ResourceAlreadyExistsException", 400, self.events.create_event_bus, kind=self.errors.ResourceAlreadyExistsException,
                     message="Event bus orders already exists.", Name="orders")
        grant = dict(EventBusName="orders", StatementId="s", Action="events:PutEvents", Principal="111122223333")
        self.events.put_permission(**grant)
        self.assertEqual(json.loads(self.events.describe_event_bus(Name="orders")["Policy"])["Statement"][0]["Sid"], "s")
        self.events.remove_permission(EventBusName="orders", StatementId="s")
        self.refused("ResourceNotFoundException", 400, self.events.remove_permission, EventBusName="orders", StatementId="s")
        self.events.delete_event_bus(Name="orders")
        none = self.errors.ResourceNotFoundException
        self.refused("ResourceNotFoundException", 400, self.events.describe_event_bus, kind=none, message="Event bus orders does not exist.", Name="orders")
        self.refused("ResourceNotFoundException", 400, self.events.put_rule, Name="r", EventBusName="orders", EventPattern='{"source": ["a"]}')
        self.refused("ValidationException", 400, self.events.delete_event_bus, Name="default")

    def test_rules_are_made_looked_at_and_deleted(self):
        pattern = json.dumps({"source": ["shop"]})
        rule = self.events.put_rule(Name="r-1", EventPattern=pattern, Description="d", Tags=[{"Key": "a", "Value": "1"}])["RuleArn"]
        self.assertEqual(rule, arn("rule/r-1"))
        self.has(self.events.describe_rule(Name="r-1"), Name="r-1", Arn=rule, EventPattern=pattern, State="ENABLED", EventBusName="default", Description="d")
        self.events.disable_rule(Name="r-1")
        self.has(self.events.describe_rule(Name="r-1"), State="DISABLED")
        self.events.enable_rule(Name="r-1")
        _, queue = self.queue()
        put = self.events.put_targets(Rule="r-1", Targets=[{"Id": "1", "Arn": queue}])
        self.has(put, FailedEntryCount=0, FailedEntries=[])
        self.assertEqual(self.events.list_targets_by_rule(Rule="r-1")["Targets"], [{"Id": "1", "Arn": queue}])
        self.assertEqual(self.events.list_rule_names_by_target(TargetArn=queue)["RuleNames"], ["r-1"])
        self.assertEqual([r["Name"] for r in self.events.list_rules(NamePrefix="r-")["Rules"]], ["r-1"])
        self.refused("ValidationException", 400, self.events.delete_rule, message="Rule can't be deleted since it has targets.", Name="r-1")
        self.events.tag_resource(ResourceARN=rule, Tags=[{"Key": "b", "Value": "2"}])
        self.events.untag_resource(ResourceARN=rule, TagKeys=["a"])
        self.assertEqual(self.events.list_tags_for_resource(ResourceARN=rule)["Tags"], [{"Key": "b", "Value": "2"}])
        self.events.remove_targets(Rule="r-1", Ids=["1"])
        self.events.delete_rule(Name="r-1")
        # Deleted twice is no error.
        self.events.delete_rule(Name="r-1")
        gone = dict(message="Rule r-1 does not exist on EventBus default.", kind=self.errors.ResourceNotFoundException)
        for call, more in [(self.events.describe_rule, {"Name": "r-1"}), (self.events.enable_rule, {"Name": "r-1"}),
                           (self.events.put_targets, {"Rule": "r-1", "Targets": [{"Id": "1", "Arn": queue}]}),
                           (self.events.list_targets_by_rule, {"Rule": "r-1"})]:
            self.refused("ResourceNotFoundException", 400, call, **gone, **more)

    def test_wrong_rules_are_refused(self):
        rule = self.events.put_rule
        bad = self.errors.InvalidEventPatternException
        for pattern in ["nonsense", '{"source": "shop"}', '{"source": [{"strange": 1}]}', "{}"]:
            self.refused("InvalidEventPatternException", 400, rule, kind=bad, Name="r", EventPattern=pattern)
        self.refused("ValidationException", 400, rule, Name="r", ScheduleExpression="rate(1 minutes)")
        self.refused("ValidationException", 400, rule, Name="r", ScheduleExpression="nonsense")
        self.refused("ValidationException", 400, rule, Name="r")
        self.refused("ValidationException", 400, rule, Name="a b", EventPattern='{"source": ["a"]}')

    def test_patterns_are_tried(self):
        event = {"id": "1", "account": ACCOUNT, "source": "shop", "time": "2024-01-01T00:00:00Z", "region": REGION, "resources": [],
                 "detail-type": "Placed", "detail": {"n": 5, "name": "file.csv"}}
        for pattern, fits in [({"detail": {"n": [{"numeric": [">", 4]}]}}, True), ({"detail": {"n": [4]}}, False),
                              ({"detail": {"name": [{"suffix": ".csv"}]}}, True), ({"detail": {"no": [{"exists": False}]}}, True),
                              ({"$or": [{"source": ["x"]}, {"detail-type": ["Placed"]}]}, True)]:
            told = self.events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))
            self.assertEqual(told["Result"], fits, pattern)
        self.refused("InvalidEventPatternException", 400, self.events.test_event_pattern, EventPattern="no", Event=json.dumps(event))

    def test_events_reach_queues_topics_and_other_buses(self):
        sns = self.endpoint.client("sns")
        self.events.create_event_bus(Name=self.name)
        url, queue = self.queue()
        by_topic, other = self.queue(self.name + "-2")
        topic = sns.create_topic(Name=self.name)["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=other, Attributes={"RawMessageDelivery": "true"})
        pattern = json.dumps({"source": ["shop"], "detail": {"total": [{"numeric": [">=", 10]}]}})
        self.events.put_rule(Name="big", EventBusName=self.name, EventPattern=pattern)
        self.events.put_targets(Rule="big", EventBusName=self.name, Targets=[
            {"Id": "whole", "Arn": queue},
            {"Id": "part", "Arn": queue, "InputPath": "$.detail"},
            {"Id": "fixed", "Arn": queue, "Input": '{"fixed": true}'},
            {"Id": "made", "Arn": topic, "InputTransformer": {"InputPathsMap": {"t": "$.detail.total"}, "InputTemplate": '{"made": <t>}'}},
        ])
        done = self.put({"total": 12}, EventBusName=self.name)
        self.assertEqual(done["FailedEntryCount"], 0)
        self.put({"total": 9}, EventBusName=self.name)
        whole, part, fixed = self.got(url)
        self.has(whole, **{"id": done["Entries"][0]["EventId"], "source": "shop", "detail-type": "Placed", "detail": {"total": 12},
                           "account": ACCOUNT, "region": REGION, "resources": [], "version": "0"})
        self.assertEqual((part, fixed), ({"total": 12}, {"fixed": True}))
        self.assertEqual(self.got(by_topic), [{"made": 12}])

    def test_bad_entries_fail_alone(self):
        done = self.events.put_events(Entries=[
            {"Source": "shop", "DetailType": "Placed", "Detail": "{}"},
            {"Source": "shop", "DetailType": "Placed", "Detail": "nonsense"},
            {"DetailType": "Placed", "Detail": "{}"},
            {"Source": "shop", "Detail": "{}"},
            {"Source": "shop", "DetailType": "Placed"},
        ])
        self.assertEqual(done["FailedEntryCount"], 4)
        self.assertEqual([e.get("ErrorCode") for e in done["Entries"]], [None, "MalformedDetail"] + ["InvalidArgument"] * 3)
        many = [{"Source": "shop", "DetailType": "Placed", "Detail": "{}"}] * 11
        self.refused("ValidationException", 400, self.events.put_events, Entries=many)

    def test_connections_and_destinations_are_kept(self):
        basic = {"BasicAuthParameters": {"Username": "u", "Password": "secret"}}
        connection = self.events.create_connection(Name="c", AuthorizationType="BASIC", AuthParameters=basic)["ConnectionArn"]
        told = self.events.describe_connection(Name="c")
        self.has(told, Name="c", ConnectionArn=connection, AuthorizationType="BASIC", ConnectionState="AUTHORIZED")
        self.assertEqual(told["AuthParameters"], {"BasicAuthParameters": {"Username": "u"}})
        self.refused("ResourceAlreadyExistsException", 400, self.events.create_connection, Name="c", AuthorizationType="BASIC", AuthParameters=basic)
        self.events.update_connection(Name="c", Description="d")
        self.assertEqual([c["Name"] for c in self.events.list_connections()["Connections"]], ["c"])
        made = dict(Name="d", ConnectionArn=connection, InvocationEndpoint="https://example.com/hook", HttpMethod="POST")
        self.events.create_api_destination(**made)
        self.has(self.events.describe_api_destination(Name="d"), **made, ApiDestinationState="ACTIVE")
        self.events.update_api_destination(Name="d", InvocationRateLimitPerSecond=7)
        self.assertEqual([d["InvocationRateLimitPerSecond"] for d in self.events.list_api_destinations()["ApiDestinations"]], [7])
        self.events.delete_api_destination(Name="d")
        self.events.delete_connection(Name="c")
        self.refused("ResourceNotFoundException", 400, self.events.describe_connection, kind=self.errors.ResourceNotFoundException, Name="c")
        self.refused("ResourceNotFoundException", 400, self.events.describe_api_destination, Name="d")

    def test_paginators_see_every_rule(self):
        for n in range(5):
            self.events.put_rule(Name=f"page-{n}", EventPattern='{"source": ["a"]}')
        pages = list(self.events.get_paginator("list_rules").paginate(NamePrefix="page-", PaginationConfig={"PageSize": 2}))
        self.assertEqual([len(page["Rules"]) for page in pages], [2, 2, 1])
