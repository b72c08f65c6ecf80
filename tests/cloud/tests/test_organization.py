"""All accounts are one organization: trust conditions, the tree, buckets across accounts, chained sessions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import ACCOUNT, ANYTHING, BUCKET, Rig, is_refused

MEMBER = "222200000001"
STRANGER = "999900000009"


def trusting(principal: str, **conditions: str) -> dict[str, Any]:
    """Returns a trust statement."""
    return {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": conditions},
    }


def member_role(rig: Rig, **conditions: str) -> str:
    """Creates a role in a member account that trusts the management account under the conditions."""
    return rig.role(
        ANYTHING, trust=trusting(f"arn:aws:iam::{ACCOUNT}:root", **conditions), admin=rig.as_account(MEMBER)
    )


def may_enter(rig: Rig, role: str, *statements: dict[str, Any], account: str = ACCOUNT, **more: str) -> bool:
    """Returns whether a role of the account may assume the role."""
    admin = rig.as_account(account)
    caller = rig.session(rig.role(*(statements or (ANYTHING,)), admin=admin), admin)
    return not is_refused("AccessDenied", lambda: rig.session(role, caller, **more))


def test_principal_org_id_is_the_simulated_organization(rig: Rig, bare: Rig) -> None:
    right, wrong = {"aws:PrincipalOrgID": "o-stub123456"}, {"aws:PrincipalOrgID": "o-other00000"}
    assert may_enter(rig, member_role(rig, **right))
    assert not may_enter(rig, member_role(rig, **wrong))
    assert not may_enter(bare, member_role(bare, **right))


def test_account_outside_the_organization_has_no_org_id(rig: Rig) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-stub123456"}},
    }
    role = rig.role(ANYTHING, trust=trust, admin=rig.as_account(MEMBER))
    assert not may_enter(rig, role, account=STRANGER)


def test_external_id_is_checked(rig: Rig) -> None:
    role = member_role(rig, **{"sts:ExternalId": "secret"})
    assert may_enter(rig, role, ExternalId="secret")
    assert not may_enter(rig, role, ExternalId="guess")
    assert not may_enter(rig, role)


def test_resource_org_id_limits_which_roles_may_be_assumed(rig: Rig, bare: Rig) -> None:
    allowed = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceOrgID": "o-stub123456"}},
    }
    assert may_enter(rig, member_role(rig), allowed)
    outside = rig.role(ANYTHING, admin=rig.as_account(STRANGER))
    assert not may_enter(rig, outside, allowed)
    assert not may_enter(bare, member_role(bare), allowed)


def test_principal_arn_is_the_role_not_its_session(rig: Rig, bare: Rig) -> None:
    for subject, expected in ((rig, True), (bare, False)):
        caller = subject.role(ANYTHING)
        role = member_role(subject, **{"aws:PrincipalArn": caller})
        try:
            subject.session(role, subject.session(caller))
            entered = True
        except ClientError:
            entered = False
        assert entered == expected


def test_chained_session_is_an_hour_at_most(rig: Rig) -> None:
    chained = rig.session(rig.role(ANYTHING))
    role = rig.role(ANYTHING)
    rig.session(role, chained, DurationSeconds=3600)
    with pytest.raises(ClientError, match="role chaining"):
        rig.session(role, chained, DurationSeconds=3601)


def test_role_that_is_not_there_is_refused_with_the_name_of_the_caller(rig: Rig) -> None:
    caller = rig.role(ANYTHING)
    with pytest.raises(
        ClientError, match=f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{caller.rsplit('/', 1)[-1]}/test is not"
    ):
        rig.session(f"arn:aws:iam::{MEMBER}:role/missing", rig.session(caller))


def test_walking_the_tree_is_authorized_on_the_parent(rig: Rig) -> None:
    parent = "arn:aws:organizations::*:root/o-stub123456/r-*"
    walker = rig.session(rig.role({"Effect": "Allow", "Action": "organizations:*", "Resource": parent}))
    walker.client("organizations").list_accounts_for_parent(ParentId="r-stub")
    with pytest.raises(ClientError, match="AccessDenied"):
        walker.client("organizations").list_accounts_for_parent(ParentId="ou-stub-test0001")


def test_loopback_counts_as_tls(rig: Rig) -> None:
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    rig.session(rig.role(ANYTHING, deny)).client("organizations").list_roots()


def test_bucket_policy_may_name_a_role_of_another_account(rig: Rig, bare: Rig) -> None:
    for subject, expected in ((rig, True), (bare, False)):
        admin = subject.as_account(MEMBER)
        role = subject.role({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, admin=admin)
        resource = f"arn:aws:s3:::{BUCKET}/*"
        statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "s3:PutObject", "Resource": resource}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        subject.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=policy)
        try:
            subject.session(role, admin).client("s3").put_object(Bucket=BUCKET, Key="from-member", Body=b"x")
            stored = True
        except ClientError:
            stored = False
        subject.client("s3").delete_bucket_policy(Bucket=BUCKET)
        assert stored == expected
