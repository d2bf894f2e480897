terraform {
  required_version = ">= 1.5"
}

variable "stage" {
  type    = string
  default = "dev"
}

variable "wait_seconds" {
  type = number
}

variable "carriers" {
  type    = list(string)
  default = ["north", "south"]
}

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}
data "aws_partition" "current" {}

locals {
  prefix = "orders-${var.stage}"
  retry = [{
    ErrorEquals     = ["Lambda.TooManyRequestsException"]
    IntervalSeconds = var.stage == "prod" ? 10 : 2
    MaxAttempts     = 3
  }]
}

resource "random_id" "suffix" {
  byte_length = 4
}

resource "aws_lambda_function" "charge" {
  function_name = "${local.prefix}-charge"
}

resource "aws_lambda_function" "ship" {
  for_each      = toset(var.carriers)
  function_name = "ship-${each.key}"
}

resource "aws_sqs_queue" "approvals" {
  name = "approvals"
}

resource "aws_sfn_activity" "pack" {
  name = "pack-${random_id.suffix.hex}"
}

# An object, with what it shares in locals.
resource "aws_sfn_state_machine" "order" {
  name     = local.prefix
  role_arn = aws_iam_role.machine.arn
  type     = "EXPRESS"
  definition = jsonencode({
    Comment = "Orders of ${upper(var.stage)}"
    StartAt = "Charge"
    States = merge({
      Charge = {
        Type     = "Task"
        Resource = aws_lambda_function.charge.arn
        Retry    = concat(local.retry, [{ ErrorEquals = ["States.ALL"], MaxAttempts = 1 }])
        Next     = "Pause"
      }
      Pause = {
        Type    = "Wait"
        Seconds = var.wait_seconds
        Next    = "Ship-north"
      }
      }, {
      for i, carrier in var.carriers : "Ship-${carrier}" => merge({
        Type     = "Task"
        Resource = aws_lambda_function.ship[carrier].arn
      }, i + 1 < length(var.carriers) ? { Next = "Ship-${var.carriers[i + 1]}" } : { End = true })
    })
  })
}

# A text with what is evaluated in it.
resource "aws_sfn_state_machine" "approval" {
  name       = "approval"
  role_arn   = aws_iam_role.machine.arn
  definition = <<-EOF
    {
      "StartAt": "Ask",
      "States": {
        %{~ if var.stage != "prod" ~}
        "Remind": { "Type": "Pass", "Next": "Pack" },
        %{~ endif ~}
        "Ask": {
          "Type": "Task",
          "Resource": "arn:${data.aws_partition.current.partition}:states:::sqs:sendMessage.waitForTaskToken",
          "TimeoutSeconds": ${var.wait_seconds * 2},
          "Parameters": {
            "QueueUrl": "${aws_sqs_queue.approvals.url}",
            "MessageBody": { "Token.$": "$$.Task.Token", "Note": "$${kept}", "Stages": ${jsonencode([var.stage])} }
          },
          "Retry": ${jsonencode(local.retry)},
          "Next": "${var.stage != "prod" ? "Remind" : "Pack"}"
        },
        "Pack": { "Type": "Task", "Resource": "${aws_sfn_activity.pack.id}", "End": true }
      }
    }
  EOF
}

# A template in a file of its own.
resource "aws_sfn_state_machine" "report" {
  count    = 2
  name     = "report-${count.index}"
  role_arn = aws_iam_role.machine.arn
  definition = templatefile("${path.module}/machines/report.asl.json.tftpl", {
    seconds  = var.wait_seconds
    carriers = var.carriers
    table    = "reports-${data.aws_region.current.name}"
  })
}

# YAML, written as JSON.
resource "aws_sfn_state_machine" "tidy" {
  name       = "tidy"
  role_arn   = aws_iam_role.machine.arn
  definition = jsonencode(yamldecode(file("machines/tidy.yaml")))
}

module "refund" {
  source       = "./modules/refund"
  function_arn = aws_lambda_function.charge.arn
  machine      = "refund.asl.json"
}

module "refund_later" {
  source       = "./modules/refund"
  function_arn = module.refund.machine_arn
  machine      = "later.asl.json"
}

resource "aws_iam_role" "machine" {
  name               = "machine"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

data "aws_iam_policy_document" "assume" {}
