"""Starts MiniStack, the embedded AWS, with what it leaves out of AWS and our stack relies on, as AWS documents it.

It enforces the policies of the functions (AUTH=true), so that a policy proved here works on AWS; for that:

- `ses:SendRawEmail` is decided on the sender's identity, not on `*`;
- `states:SendTaskSuccess` and `SendTaskFailure` are decided on the state machine of the token, not on `*`;
- `dynamodb:LeadingKeys` holds the partition keys that a request names.

A task of the state machine obeys `TimeoutSecondsPath`; without that a machine that never calls home is waited for
without end. One that waits for its token fails when its function does. Schedules run on scaled time, as its own SFN_WAIT_SCALE makes the state machine's waits do. And the log
streams of a group that several functions share tell the function, as on AWS.

Settings come from the environment, as MiniStack documents them, and besides:

- SCHEDULE_SCALE: what rates are multiplied with;
- TASK_FAULTS_DIR: where tests put what shall go wrong with a task, see `call_lambda`.
"""

import base64
import contextvars
import email
import email.utils
import json
import os
import pathlib
import re
import threading

from ministack.core import iam_actions
from ministack.services import eventbridge, lambda_svc, scheduler, stepfunctions

_resource_arn = iam_actions.extract_resource_arn
_dynamodb_context = iam_actions.dynamodb_service_context
_execute_task = stepfunctions._execute_task
_call_lambda = stepfunctions._call_lambda
_rate_seconds = eventbridge._parse_rate_seconds
_emit_lambda_logs = lambda_svc._emit_lambda_logs

_SCHEDULE_SCALE = float(os.environ.get("SCHEDULE_SCALE", "1"))
_TASK_FAULTS_DIR = os.environ.get("TASK_FAULTS_DIR")

# (execution, state) of the task that this thread runs.
_current_task = contextvars.ContextVar("current_task", default=None)


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
    _current_task.set((ctx["Execution"]["Name"], ctx["State"]["Name"]))
    return _execute_task(state_def, raw_input, execution, ctx)


def call_lambda(function, event):
    """Calls a task's function; same arguments and answer as MiniStack's own function.

    A file `EXECUTION.STATE.KIND` in TASK_FAULTS_DIR makes the next call of that state in that execution go wrong, and
    is renamed to `….struck` then. KIND: `fails_before` and `fails_after` the function's work, `times_out` after it, and
    `twice`, where it runs two times at once.
    """
    kind = fault()
    if kind == "twice":
        context = contextvars.copy_context()
        other = threading.Thread(target=context.run, args=(_call_quietly, function, event))
        other.start()
        try:
            return _call_lambda(function, event)
        finally:
            other.join()
    try:
        if kind != "fails_before":
            answer = _call_lambda(function, event)
        if kind:
            error = "States.Timeout" if kind == "times_out" else "Runtime.ExitError"
            raise stepfunctions._ExecutionError(error, f"a test's fault: {kind}")
        return answer
    except stepfunctions._ExecutionError as error:
        end_wait(event, error)
        raise


def fault() -> str | None:
    """The kind of fault that strikes the current task now; it strikes no other call."""
    if not _TASK_FAULTS_DIR or not (task := _current_task.get()):
        return None
    for wanted in pathlib.Path(_TASK_FAULTS_DIR).glob(f"{task[0]}.{task[1]}.*"):
        if wanted.suffix == ".struck":
            continue
        wanted.rename(f"{wanted}.struck")
        return wanted.suffix.removeprefix(".")
    return None


def end_wait(event, error) -> None:
    """Fails the task that waits for a token, when the function that was to take it has failed."""
    token = event.get("task_token") if isinstance(event, dict) else None
    if waits := stepfunctions._task_tokens.get(token):
        waits["error"] = {"Error": error.error, "Cause": error.cause}
        waits["event"].set()


def _call_quietly(function, event) -> None:
    try:
        _call_lambda(function, event)
    except stepfunctions._ExecutionError:
        pass


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
    stepfunctions._call_lambda = call_lambda
    lambda_svc._emit_lambda_logs = emit_lambda_logs
    eventbridge._parse_rate_seconds = rate_seconds
    scheduler._SCHEDULE_TICK_INTERVAL = 1
    from ministack.app import main

    main()
