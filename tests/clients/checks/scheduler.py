"""EventBridge Scheduler by boto3."""

import datetime
import json
import urllib.request

from endpoint import ACCOUNT, REGION, Checks

OFF = {"Mode": "OFF"}


class Scheduler(Checks):
    def setUp(self):
        super().setUp()
        self.scheduler, self.sqs = self.endpoint.client("scheduler"), self.endpoint.client("sqs")
        self.errors = self.scheduler.exceptions
        self.name = self._testMethodName[5:55]
        self.url = self.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        self.target = {
            "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}",
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/any",
            "Input": json.dumps({"from": self.name}),
        }

    def make(self, name, **more):
        made = dict(Name=name, ScheduleExpression="rate(1 day)", FlexibleTimeWindow=OFF, Target=self.target, State="DISABLED")
        return self.scheduler.create_schedule(**{**made, **more})["ScheduleArn"]

    def test_schedules_are_made_changed_and_deleted(self):
        arn = self.make("plain", Description="d")
        self.assertEqual(arn, f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/plain")
        told = self.scheduler.get_schedule(Name="plain")
        self.has(told, Arn=arn, Name="plain", GroupName="default", ScheduleExpression="rate(1 day)", State="DISABLED", FlexibleTimeWindow=OFF,
                 Description="d", Target=self.target, ScheduleExpressionTimezone="UTC")
        self.assertIsInstance(told["CreationDate"], datetime.datetime)
        self.refused("ConflictException", 409, self.make, kind=self.errors.ConflictException, message="Schedule plain already exists.", name="plain")
        self.scheduler.update_schedule(Name="plain", ScheduleExpression="rate(2 days)", FlexibleTimeWindow=OFF, Target=self.target, State="DISABLED")
        told = self.scheduler.get_schedule(Name="plain")
        self.has(told, ScheduleExpression="rate(2 days)")
        self.assertNotIn("Description", told)
        self.scheduler.delete_schedule(Name="plain")
        gone = dict(kind=self.errors.ResourceNotFoundException, message="Schedule plain does not exist.")
        self.refused("ResourceNotFoundException", 404, self.scheduler.get_schedule, Name="plain", **gone)
        self.refused("ResourceNotFoundException", 404, self.scheduler.delete_schedule, Name="plain", **gone)

    def test_wrong_schedules_are_refused(self):
        bad = ("ValidationException", 400)
        kind = self.errors.ValidationException
        for expression in ["nonsense", "rate(0 days)", "cron(* * * * *)", "at(yesterday)"]:
            self.refused(*bad, self.make, kind=kind, message=f"Invalid Schedule Expression {expression}.", name="w", ScheduleExpression=expression)
        self.refused(*bad, self.make, kind=kind, name="w", ScheduleExpressionTimezone="Mars/Olympus", ScheduleExpression="cron(0 0 * * ? *)")
        self.refused(*bad, self.make, kind=kind, name="w", FlexibleTimeWindow={"Mode": "FLEXIBLE"})
        self.refused(*bad, self.make, kind=kind, name="a b")
        self.refused("ResourceNotFoundException", 404, self.make, kind=self.errors.ResourceNotFoundException, name="w", GroupName="nobody")

    def test_groups_hold_schedules_and_tags(self):
        arn = self.scheduler.create_schedule_group(Name="g", Tags=[{"Key": "a", "Value": "1"}])["ScheduleGroupArn"]
        self.assertEqual(arn, f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/g")
        self.has(self.scheduler.get_schedule_group(Name="g"), Name="g", Arn=arn, State="ACTIVE")
        self.refused("ConflictException", 409, self.scheduler.create_schedule_group, kind=self.errors.ConflictException, Name="g")
        self.scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
        self.scheduler.untag_resource(ResourceArn=arn, TagKeys=["a"])
        self.assertEqual(self.scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"], [{"Key": "b", "Value": "2"}])
        self.make("in-group", GroupName="g")
        self.assertEqual([s["Name"] for s in self.scheduler.list_schedules(GroupName="g")["Schedules"]], ["in-group"])
        self.assertEqual({g["Name"] for g in self.scheduler.list_schedule_groups()["ScheduleGroups"]}, {"default", "g"})
        self.scheduler.delete_schedule_group(Name="g")
        self.refused("ResourceNotFoundException", 404, self.scheduler.get_schedule, Name="in-group", GroupName="g")
        self.refused("ResourceNotFoundException", 404, self.scheduler.get_schedule_group, kind=self.errors.ResourceNotFoundException, Name="g")

    def test_a_schedule_for_an_instant_fires_once(self):
        with urllib.request.urlopen(f"{self.endpoint.url}/_rehearsal/clock") as answer:
            now = datetime.datetime.fromisoformat(json.load(answer)["now"].rstrip("Z"))
        soon = (now + datetime.timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%S")
        self.make(self.name, ScheduleExpression=f"at({soon})", State="ENABLED", ActionAfterCompletion="DELETE")
        # The clock moves on while somebody waits, up to the end of the poll.
        got = self.sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=10)["Messages"]
        self.assertEqual([json.loads(m["Body"]) for m in got], [{"from": self.name}])
        self.refused("ResourceNotFoundException", 404, self.scheduler.get_schedule, Name=self.name)

    def test_paginators_see_every_schedule(self):
        for n in range(5):
            self.make(f"page-{n}")
        pages = list(self.scheduler.get_paginator("list_schedules").paginate(NamePrefix="page-", PaginationConfig={"PageSize": 2}))
        self.assertEqual([len(page["Schedules"]) for page in pages], [2, 2, 1])
        pages = list(self.scheduler.get_paginator("list_schedule_groups").paginate(PaginationConfig={"PageSize": 1}))
        self.assertGreaterEqual(len(pages), 1)
