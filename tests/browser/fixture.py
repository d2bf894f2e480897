"""Machines and scenarios to look at: a small one, one of fifty states, and a Map of a thousand items."""

import json
import os

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"


def task(name, **fields):
    return {"Type": "Task", "Resource": LAMBDA + name, **fields}


def shop():
    small = {"Variable": "$.total", "NumericLessThan": 100, "Next": "Charge"}
    states = {
        "Large?": {"Type": "Choice", "Choices": [small], "Default": "Ask"},
        "Ask": {"Type": "Wait", "Seconds": 7200, "Next": "Charge"},
        "Charge": task(
            "charge",
            Retry=[{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 2}],
            Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Refuse"}],
            ResultPath="$.charge",
            Next="Tell",
        ),
        "Tell": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Mail", "States": {"Mail": task("mail", End=True)}},
                {"StartAt": "Book", "States": {"Book": task("book", End=True)}},
            ],
            "ResultPath": "$.told",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Refuse"}],
            "Next": "Done",
        },
        "Done": {"Type": "Succeed"},
        "Refuse": {"Type": "Fail", "Error": "Refused"},
    }
    return {"Comment": "Sells things", "StartAt": "Large?", "States": states}


SHOP = """\
machine: shop.asl.json
mocks:
  Charge: { return: { id: "<c-1>" }, takes: 1s }
  Mail: { return: { sent: true } }
  Book: { return: {} }
scenarios:
  - name: a small order is charged at once
    tags: [money]
    input: { total: 20, customer: { name: "</script><b onclick=alert(1)>Ann</b>" } }
    expect: { path: [Large?, Charge, Tell, Done] }
  - name: a busy bank is asked again
    input: { total: 30 }
    mocks:
      Charge: [{ fail: Busy, cause: "come back later", times: 2 }, { return: { id: c-2 } }]
    expect: { elapsed: 6s }
  - name: a large order waits
    input: { total: 500 }
    expect: { elapsed: 2h1s }
  - name: this one is wrong
    tags: [money]
    input: { total: 20 }
    expect: { output: { total: 21 }, elapsed: 2s }
  - name: nobody looks at this
    ignore: the bank is closed
    input: { total: 1 }
    expect: { status: SUCCEEDED }
"""


def large():
    states = {}
    for i in range(48):
        step, following = f"Step {i}", f"Step {i + 1}" if i < 47 else "Ready"
        if i % 12 == 11:
            again = {"Variable": "$.again", "NumericEquals": i, "Next": f"Step {i - 6}"}
            skip = {"Variable": "$.skip", "NumericGreaterThan": i, "Next": "Ready"}
            states[step] = {"Type": "Choice", "Choices": [again, skip], "Default": following}
        elif i % 4 == 1:
            catch = [{"ErrorEquals": ["States.ALL"], "Next": "Broken"}]
            retry = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 4}]
            states[step] = task(f"work-{i}", Catch=catch, Retry=retry, ResultPath=None, Next=following)
        else:
            states[step] = {"Type": "Pass", "Next": following}
    states["Ready"] = {"Type": "Succeed"}
    states["Broken"] = {"Type": "Fail", "Error": "Broken"}
    return {"StartAt": "Step 0", "States": states}


LARGE = """\
machine: large.asl.json
mocks:
%s
scenarios:
  - name: all fifty states
    input: { again: 0, skip: 0 }
    expect: { status: SUCCEEDED }
"""


def items():
    save = task(
        "save", Retry=[{"ErrorEquals": ["Busy"], "IntervalSeconds": 1}], End=True
    )
    processor = {"StartAt": "Check", "States": {"Check": {"Type": "Pass", "Next": "Save"}, "Save": save}}
    each = {"Type": "Map", "MaxConcurrency": 40, "ItemsPath": "$.items", "ItemProcessor": processor, "End": True}
    return {"StartAt": "Each item", "States": {"Each item": each}}


ITEMS = """\
machine: items.asl.json
scenarios:
  - name: a thousand items
    input: { items: [%s] }
    mocks: { Save: { return: { saved: true }, takes: 1s } }
    expect: { status: SUCCEEDED }
  - name: one item of a thousand is busy
    input: { items: [%s] }
    mocks:
      Save: { return: { saved: true }, takes: 1s }
      "Each item[7]/Save": [{ fail: Busy, times: 2 }, { return: { saved: late } }]
    expect: { status: SUCCEEDED }
"""


def write(folder):
    """Writes everything into a folder."""
    numbers = ", ".join(str(i) for i in range(1000))
    mocks = "\n".join(f"  Step {i}: {{ return: {{}} }}" for i in range(48) if i % 4 == 1)
    texts = {
        "shop.asl.json": json.dumps(shop(), indent=2),
        "shop.rehearsal.yaml": SHOP,
        "large.asl.json": json.dumps(large(), indent=2),
        "large.rehearsal.yaml": LARGE % mocks,
        "items.asl.json": json.dumps(items(), indent=2),
        "items.rehearsal.yaml": ITEMS % (numbers, numbers),
    }
    for name, text in texts.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    import sys

    os.makedirs(sys.argv[1], exist_ok=True)
    write(sys.argv[1])
