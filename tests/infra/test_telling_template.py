"""Logs and saved queries on AWS, held on the template: the emulator keeps no saved queries."""

from __future__ import annotations

import pytest

from assemblies import ENVIRONMENTS, Assemblies
from cloud_sync.logs.queries import QUERIES

pytestmark = pytest.mark.xdist_group("cdk")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_each_query_is_saved_over_the_logs_that_answer_it(
    assemblies: Assemblies, name: str
) -> None:
    workflow = assemblies.workflow(name)
    saved = workflow.all("AWS::Logs::QueryDefinition").values()
    groups = {each["LogGroupName"] for each in workflow.all("AWS::Logs::LogGroup").values()}
    assert {each["QueryString"] for each in saved} == {query.text for query in QUERIES}
    for each in saved:
        assert each["Name"].startswith(f"cloud-sync/{name}/")
        assert each["LogGroupNames"]
        assert set(each["LogGroupNames"]) <= groups


def test_what_was_called_for_stays_a_year(assemblies: Assemblies) -> None:
    workflow = assemblies.workflow("everything")
    files = workflow.one("AWS::CloudTrail::Trail")["S3BucketName"]["Ref"]
    (rule,) = workflow.all("AWS::S3::Bucket")[files]["LifecycleConfiguration"]["Rules"]
    assert (rule["ExpirationInDays"], rule["Status"]) == (365, "Enabled")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_log_of_functions_and_machines_stays_30_days(
    assemblies: Assemblies, name: str
) -> None:
    groups = assemblies.workflow(name).all("AWS::Logs::LogGroup")
    assert len(groups) > len(QUERIES)
    assert {group["RetentionInDays"] for group in groups.values()} == {30}
