"""All facts, in the order in which they are asked. Each module is about one service."""

from __future__ import annotations

from ..fact import Fact
from . import (
    dynamodb,
    ec2,
    iam,
    lambda_limits,
    organizations,
    s3,
    ssm_baselines,
    ssm_commands,
    ssm_inventory,
    ssm_lists,
    ssm_nodes,
    ssm_values,
    states,
)

# The state machine comes first: if AWS refuses it, nothing can be deployed.
FACTS: tuple[Fact, ...] = (
    *states.FACTS,
    *lambda_limits.FACTS,
    *ec2.FACTS,
    *organizations.FACTS,
    *iam.FACTS,
    *dynamodb.FACTS,
    *ssm_lists.FACTS,
    *ssm_nodes.FACTS,
    *ssm_inventory.FACTS,
    *ssm_baselines.FACTS,
    *ssm_values.FACTS,
    *s3.FACTS,
    *ssm_commands.FACTS,
)

# Operations that orgpatch calls and no fact is about, and why.
NOT_ASKED = {
    "dynamodb:DeleteItem": "needs a table; the end-to-end cases show that the ledger's conditions are right",
    "dynamodb:GetItem": "needs a table",
    "dynamodb:PutItem": "needs a table",
    "dynamodb:Query": "needs a table",
    "ec2:DescribeManagedPrefixLists": "it has one documented filter, and a missing list only makes a check unknown",
    "organizations:DescribeOrganization": "it has no parameters, and every account may call it",
    "organizations:ListAccountsForParent": "only asked where accounts come without paths",
    "organizations:ListOrganizationalUnitsForParent": "it names units; accounts are found without it",
    "organizations:ListRoots": "it has one documented form; the tree of units begins with it",
    "s3:AbortMultipartUpload": "every question about uploads aborts its own at the end, if it is not complete",
    "s3:GetObject": "it has one documented form",
    "s3:HeadObject": "it has one documented form; a hash that it does not have is computed instead",
    "s3:ListObjectsV2": "it has one documented form",
    "ssm:AddTagsToResource": "it would need a baseline that exists for longer",
    "ssm:CancelCommand": "it would need a command that has not begun, which cannot be arranged",
    "ssm:DeregisterPatchBaselineForPatchGroup": "it would change what the account's instances are judged by",
    "ssm:DescribeAssociation": "it needs an association of the account",
    "ssm:RegisterDefaultPatchBaseline": "it would change what the account's instances are judged by",
    "ssm:RegisterPatchBaselineForPatchGroup": "it would change what the account's instances are judged by",
    "states:DescribeExecution": "it needs an execution",
    "states:StartExecution": "it starts a run",
    "sts:AssumeRole": "the member role is an account's own; `orgpatch` says which accounts it could not enter",
    "states:DescribeStateMachine": "needs a state machine; orgpatch reads the definition that it has deployed itself",
    "states:ListStateMachines": "it has no filter; a deployment that is not in it is refused by its name",
}
