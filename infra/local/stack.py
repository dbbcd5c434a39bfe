"""Deploys template.yaml to the embedded AWS, and reads its logs.

What `sam deploy` does on AWS happens here in the same order: package (zips and the state machine go to a bucket),
create or update the stack, and then the part of API Gateway that the embedded AWS does not take from the template.

    stack.py deploy < plan.json      plan and answer are described at `deploy`
    stack.py logs ENDPOINT [--function NAME] [--follow]
"""

import argparse
import collections
import io
import json
import pathlib
import re
import secrets
import sys
import time
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGION = "us-east-1"
ACCOUNT = "000000000000"
BUCKET = "packages"
STACK_WAIT_SECONDS_MAX = 120


class Aws:
    """Clients of the embedded AWS; its root account needs no secret."""

    def __init__(self, endpoint: str):
        self._endpoint = endpoint
        self._clients = {}

    def __getattr__(self, service: str):
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service.replace("_", "-"), endpoint_url=self._endpoint, region_name=REGION,
                aws_access_key_id=ACCOUNT, aws_secret_access_key="local",
                config=Config(connect_timeout=5, read_timeout=120, retries={"max_attempts": 2}))
        return self._clients[service]


def deploy(plan: dict) -> dict:
    """Creates or updates the stack, its routes and two users.

    `plan`: `endpoint`, `stack_name`, `build_dir` (holds one binary per function, of its name), `parameters` (template
    parameter to value) and `overrides` (function setting to value).
    Answer: what stack.json says about the AWS side.
    """
    aws = Aws(plan["endpoint"])
    template = yaml_parse((ROOT / "template.yaml").read_text())
    parameters = dict(plan["parameters"])
    apply_overrides(template, parameters, plan["overrides"])
    package(aws, template, ROOT, pathlib.Path(plan["build_dir"]))
    name = plan["stack_name"]
    outputs = put_stack(aws, name, template, parameters)
    # Known only now; machines and the gateway's return page need an address that works from this machine.
    api_url = f"{plan['endpoint']}/_aws/execute-api/{outputs['HttpApiId']}"
    if not parameters.get("PublicApiUrl"):
        outputs = put_stack(aws, name, template, {**parameters, "PublicApiUrl": api_url})
    import_routes(aws, name, template)
    pool, client = outputs["UserPoolId"], outputs["UserPoolClientId"]
    return {
        "api_url": api_url, "aws_endpoint": plan["endpoint"], "account_id": ACCOUNT, "region": REGION,
        "stack_name": name, "user_pool_id": pool, "client_id": client, "table": outputs["TableName"],
        "state_machine_arn": outputs["StateMachineArn"], "log_group": outputs["FunctionLogGroup"],
        "queues": {"payment_events": outputs["PaymentEventsQueueUrl"], "mail": outputs["MailQueueUrl"],
                   "instance_commands": outputs["InstanceCommandsQueueUrl"]},
        "customer": put_user(aws, pool, "customer@example.com"),
        "admin": put_user(aws, pool, "admin@example.com", group="admin"),
    }


def apply_overrides(template: dict, parameters: dict, overrides: dict) -> None:
    """Sets function settings: through the template parameter of that name where there is one (`VULTR_API_URL` is
    `VultrApiUrl`), else in every function that has or inherits the setting."""
    settings = template["Globals"]["Function"]["Environment"]["Variables"]
    for key, value in overrides.items():
        parameter = "".join(word.capitalize() for word in key.split("_"))
        if parameter in template["Parameters"]:
            parameters[parameter] = value
            continue
        settings[key] = value
        for resource in template["Resources"].values():
            own = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
            if key in own:
                own[key] = value


def package(aws: Aws, template: dict, root: pathlib.Path, build_dir: pathlib.Path) -> None:
    """What `sam package` does: uploads code and state machine, and writes their addresses into `template`."""
    try:
        aws.s3.create_bucket(Bucket=BUCKET)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            function = pathlib.PurePosixPath(properties["CodeUri"]).name
            # A key of its own per deployment: the same address would look unchanged and keep the old code.
            key = f"{function}-{time.time_ns()}.zip"
            aws.s3.put_object(Bucket=BUCKET, Key=key, Body=zip_bootstrap(build_dir / function))
            properties["CodeUri"] = {"Bucket": BUCKET, "Key": key}
        elif resource["Type"] == "AWS::Serverless::StateMachine":
            source = root / properties["DefinitionUri"]
            key = f"{source.stem}-{time.time_ns()}.json"
            aws.s3.put_object(Bucket=BUCKET, Key=key, Body=source.read_bytes())
            properties["DefinitionUri"] = {"Bucket": BUCKET, "Key": key}


def zip_bootstrap(binary: pathlib.Path) -> bytes:
    """A deployment package: `bootstrap` with its exec bit. Stored, not deflated: it travels one loopback."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        entry = zipfile.ZipInfo("bootstrap", (2020, 1, 1, 0, 0, 0))
        entry.external_attr = 0o100755 << 16
        archive.writestr(entry, binary.read_bytes())
    return buffer.getvalue()


def put_stack(aws: Aws, name: str, template: dict, parameters: dict) -> dict:
    """Creates the stack, or updates the one that is there; answers its outputs once it is complete."""
    # By address, as `sam deploy` gives it: what stands in the call itself may not be longer than 51,200 bytes.
    key = f"template-{time.time_ns()}.json"
    aws.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(template).encode())
    arguments = {
        "StackName": name, "TemplateURL": f"https://s3.amazonaws.com/{BUCKET}/{key}",
        "Parameters": [{"ParameterKey": key, "ParameterValue": str(value)} for key, value in parameters.items()],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    exists = any(stack["StackName"] == name for stack in aws.cloudformation.describe_stacks()["Stacks"])
    (aws.cloudformation.update_stack if exists else aws.cloudformation.create_stack)(**arguments)
    deadline = time.monotonic() + STACK_WAIT_SECONDS_MAX
    while time.monotonic() < deadline:
        stack = aws.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        if not stack["StackStatus"].endswith("_IN_PROGRESS") or "ROLLBACK" in stack["StackStatus"]:
            break
        time.sleep(0.2)
    reason = stack.get("StackStatusReason", "no reason given")
    sys.exit(f"the stack did not deploy ({stack['StackStatus']}): {reason}")


def import_routes(aws: Aws, name: str, template: dict) -> None:
    """Makes the routes and the JWT authorizer from the OpenAPI body of the processed template, as API Gateway does;
    the embedded AWS ignores that body. Routes that are there already stay. CORS comes from `template`, because the
    processed one holds the parameters' defaults."""
    resources = aws.cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
    processed = aws.cloudformation.get_template(StackName=name, TemplateStage="Processed")["TemplateBody"]
    processed = json.loads(processed) if isinstance(processed, str) else processed
    api_id, body = next((ids[logical], resource["Properties"]["Body"])
                        for logical, resource in processed["Resources"].items()
                        if resource["Type"] == "AWS::ApiGatewayV2::Api")
    parameters = {parameter["ParameterKey"]: parameter["ParameterValue"]
                  for parameter in aws.cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Parameters"]}
    names = {"AWS::Region": REGION, **parameters, **ids}
    resolve = lambda value: resolve_value(value, names)  # noqa: E731
    gateway = aws.apigatewayv2
    cors = dict(template["Resources"]["HttpApi"]["Properties"]["CorsConfiguration"])
    cors["AllowOrigins"] = [parameters.get("SiteUrl") or "https://no-dashboard.invalid"]
    gateway.update_api(ApiId=api_id, CorsConfiguration=cors)
    there = {route["RouteKey"] for route in gateway.get_routes(ApiId=api_id)["Items"]}
    authorizers = {authorizer["Name"]: authorizer["AuthorizerId"]
                   for authorizer in gateway.get_authorizers(ApiId=api_id)["Items"]}
    for scheme_name, scheme in body["components"]["securitySchemes"].items():
        if scheme_name not in authorizers:
            authorizers[scheme_name] = put_authorizer(gateway, api_id, scheme_name, scheme, resolve)
    integrations = {}
    for path, operations in body["paths"].items():
        for verb, operation in operations.items():
            route_key = f"{verb.upper()} {path}"
            if route_key in there:
                continue
            uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            function = re.search(r"functions/\$\{(\w+)\.Arn\}", uri)[1]
            if function not in integrations:
                arn = aws.__getattr__("lambda").get_function(FunctionName=ids[function])["Configuration"]["FunctionArn"]
                integrations[function] = gateway.create_integration(
                    ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=arn,
                    PayloadFormatVersion="2.0")["IntegrationId"]
            # A public route names the scheme "NONE", which is no authorizer.
            scheme = next((s for one in operation.get("security", []) for s in one if s in authorizers), None)
            gateway.create_route(
                ApiId=api_id, RouteKey=route_key, Target=f"integrations/{integrations[function]}",
                **({"AuthorizationType": "JWT", "AuthorizerId": authorizers[scheme]} if scheme else {}))


def put_authorizer(gateway, api_id: str, name: str, scheme: dict, resolve) -> str:
    """Makes the JWT authorizer of an OpenAPI security scheme; answers its id."""
    authorizer = scheme["x-amazon-apigateway-authorizer"]
    jwt = authorizer["jwtConfiguration"]
    return gateway.create_authorizer(
        ApiId=api_id, Name=name, AuthorizerType="JWT", IdentitySource=[authorizer["identitySource"]],
        JwtConfiguration={"Issuer": resolve(jwt["issuer"]), "Audience": [resolve(item) for item in jwt["audience"]]},
    )["AuthorizerId"]


def resolve_value(value, names: dict) -> str:
    """A plain value, `Ref` or `Fn::Sub` of the processed template as text."""
    if isinstance(value, dict) and "Ref" in value:
        return names[value["Ref"]]
    text = value["Fn::Sub"] if isinstance(value, dict) else value
    return re.sub(r"\$\{([^}]+)\}", lambda match: names[match[1]], text)


def put_user(aws: Aws, pool: str, address: str, group: str | None = None) -> dict:
    """A confirmed user with a random password, or a new password for the one that is there."""
    password = secrets.token_urlsafe(18)
    try:
        aws.cognito_idp.admin_create_user(
            UserPoolId=pool, Username=address, MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}])
    except aws.cognito_idp.exceptions.UsernameExistsException:
        pass
    aws.cognito_idp.admin_set_user_password(UserPoolId=pool, Username=address, Password=password, Permanent=True)
    if group:
        aws.cognito_idp.admin_add_user_to_group(UserPoolId=pool, Username=address, GroupName=group)
    return {"email": address, "password": password}


def logs(endpoint: str, function: str | None, follow: bool) -> None:
    """Prints the functions' log lines, oldest first, each after its time and function; `function` keeps only its own."""
    aws = Aws(endpoint)
    group = next((group["logGroupName"] for group in aws.logs.describe_log_groups()["logGroups"]
                  if "/functions/" in group["logGroupName"]), None)
    if group is None:
        sys.exit("the stack has no function logs")
    printed = collections.Counter()
    while True:
        pages = aws.logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        position = collections.Counter()
        for event in sorted((e for page in pages for e in page["events"]), key=lambda e: e["timestamp"]):
            stream = event["logStreamName"]
            position[stream] += 1
            if position[stream] <= printed[stream]:
                continue
            printed[stream] = position[stream]
            name = re.search(r"\[.+?-(.+):", stream)
            if name and function in (None, name[1]):
                at = time.strftime("%H:%M:%S", time.localtime(event["timestamp"] / 1000))
                print(at, name[1], event["message"].rstrip(), flush=True)
        if not follow:
            return
        time.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("deploy")
    reader = commands.add_parser("logs")
    reader.add_argument("endpoint")
    reader.add_argument("--function")
    reader.add_argument("--follow", action="store_true")
    arguments = parser.parse_args()
    if arguments.command == "deploy":
        print(json.dumps(deploy(json.load(sys.stdin))))
    else:
        logs(arguments.endpoint, arguments.function, arguments.follow)


if __name__ == "__main__":
    try:
        main()
    except ClientError as error:
        sys.exit(f"the embedded AWS refused {error.operation_name}: {error.response['Error'].get('Message', error)}")
    except KeyboardInterrupt:
        sys.exit(130)
