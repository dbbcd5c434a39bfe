"""Starts MiniStack, the embedded AWS, with what it leaves out of AWS and our stack relies on, as AWS documents it.

It enforces the policies of the functions (AUTH=true), so that a policy proved here works on AWS; for that:

- `ses:SendRawEmail` is decided on the sender's identity, not on `*`;
- `states:SendTaskSuccess` and `SendTaskFailure` are decided on the state machine of the token, not on `*`;
- `dynamodb:LeadingKeys` holds the partition keys that a request names.

A task of the state machine obeys `TimeoutSecondsPath`; without that a machine that never calls home is waited for
without end. Schedules run on scaled time, as its own SFN_WAIT_SCALE makes the state machine's waits do. And the log
streams of a group that several functions share tell the function, as on AWS.

Settings come from the environment, as MiniStack documents them, and SCHEDULE_SCALE: what rates are multiplied with.
"""

import base64
import email
import email.utils
import json
import os
import re

from ministack.core import iam_actions
from ministack.services import eventbridge, lambda_svc, scheduler, stepfunctions

_resource_arn = iam_actions.extract_resource_arn
_dynamodb_context = iam_actions.dynamodb_service_context
_execute_task = stepfunctions._execute_task
_rate_seconds = eventbridge._parse_rate_seconds
_emit_lambda_logs = lambda_svc._emit_lambda_logs

_SCHEDULE_SCALE = float(os.environ.get("SCHEDULE_SCALE", "1"))


def resource_arn(service, method, path, headers, body, query_params, region, account_id):
    """What a call acts on; same arguments and answer as MiniStack's own function."""
    known = _resource_arn(service, method, path, headers, body, query_params, region, account_id)
    if known != "*":
        return known
    if service == "ses" and (sender := mail_sender(query_params)):
        return f"arn:aws:ses:{region}:{account_id}:identity/{sender}"
    if service == "states" and b'"taskToken"' in body:
        return state_machine_arn() or known
    return known


def mail_sender(form: dict) -> str:
    """The address that a SendRawEmail form sends from: `Source`, else the From header; "" when there is neither."""
    source = _first(form.get("Source"))
    if not source and (raw := _first(form.get("RawMessage.Data"))):
        source = email.message_from_bytes(base64.b64decode(raw)).get("From", "")
    return email.utils.parseaddr(source)[1]


def state_machine_arn() -> str | None:
    """The one state machine of this stack; a spent token no longer says which execution it belonged to."""
    return next(iter(stepfunctions._state_machines), None)


def dynamodb_context(body: bytes) -> dict:
    """MiniStack's condition keys, and `dynamodb:LeadingKeys`: the partition keys of all items, or of the query."""
    context = _dynamodb_context(body)
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return context
    if keys := leading_keys(request):
        context["dynamodb:LeadingKeys"] = keys
    return context


def leading_keys(request: dict) -> list[str]:
    """Partition keys that a single-item call, a transaction or a query names; the table's own are called `pk`."""
    parts = [part for item in request.get("TransactItems", []) for part in item.values()] or [request]
    keys = []
    for part in parts:
        item = part.get("Key") or part.get("Item") or {}
        if "pk" in item:
            keys.append(item["pk"]["S"])
    if match := re.match(r"\s*(\S+)\s*=\s*(:\w+)", request.get("KeyConditionExpression", "")):
        keys.append(request["ExpressionAttributeValues"][match[2]]["S"])
    return keys


def execute_task(state_def, raw_input, execution, ctx):
    """Runs a Task state; same arguments and answer as MiniStack's own function."""
    if path := state_def.get("TimeoutSecondsPath"):
        seconds = stepfunctions._resolve_path_or_ctx(path, raw_input, ctx)
        state_def = {**state_def, "TimeoutSeconds": seconds}
    return _execute_task(state_def, raw_input, execution, ctx)


def rate_seconds(expression):
    """The pause of a `rate(…)`, scaled; `None` for another kind of expression."""
    seconds = _rate_seconds(expression)
    return seconds and seconds * _SCHEDULE_SCALE


def emit_lambda_logs(func, *arguments, **options):
    """Writes a function's output to its log stream; same arguments as MiniStack's own function.

    The stream is `YYYY/MM/DD/[NAME:VERSION]…`, where MiniStack would write `YYYY/MM/DD/[VERSION]…`.
    """
    config = func.get("config") or func
    version = f"{config.get('FunctionName')}:{config.get('Version', '$LATEST')}"
    _emit_lambda_logs({**func, "config": {**config, "Version": version}}, *arguments, **options)


def _first(value):
    return value[0] if isinstance(value, list) and value else value or ""


if __name__ == "__main__":
    iam_actions.extract_resource_arn = resource_arn
    iam_actions.dynamodb_service_context = dynamodb_context
    stepfunctions._execute_task = execute_task
    lambda_svc._emit_lambda_logs = emit_lambda_logs
    eventbridge._parse_rate_seconds = rate_seconds
    scheduler._SCHEDULE_TICK_INTERVAL = 1
    from ministack.app import main

    main()
