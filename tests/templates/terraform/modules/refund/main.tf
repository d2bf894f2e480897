variable "function_arn" {}

variable "machine" {
  type = string
}

data "template_file" "machine" {
  template = file("${path.module}/${var.machine}")
  vars = {
    FunctionArn = var.function_arn
  }
}

resource "aws_sfn_state_machine" "this" {
  name       = trimsuffix(var.machine, ".asl.json")
  role_arn   = "arn:aws:iam::123456789012:role/refund"
  definition = data.template_file.machine.rendered
}

output "machine_arn" {
  value = aws_sfn_state_machine.this.arn
}
