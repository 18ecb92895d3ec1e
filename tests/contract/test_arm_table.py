"""Each row of design/arm.md, sections 1 to 10, and the test that proves it here; what Azure has not been seen to do."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
PLACES = ("unit/armsim", "contract")


@dataclass(frozen=True, slots=True)
class Row:
    """`test` is a function's name in tests/unit/armsim or tests/contract."""

    section: str
    fact: str
    test: str


RECORDED = "test_a_recorded_session_goes_the_same_here"
ROWS = (
    # 1.1 request and response shapes
    Row(
        "1.1", "segment names without case, canonical ids", "test_segment_names_are_case_insensitive_and_ids_canonical"
    ),
    Row("1.1", "any date-shaped api-version, body by version", "test_the_body_follows_its_api_version"),
    Row("1.1", "key order of VNet, subnet", "test_the_body_has_the_recorded_order_and_fields"),
    Row("1.1", "key order of a public IP", "test_a_standard_address_is_known_when_succeeded"),
    Row("1.1", "headers of every answer", "test_every_answer_has_the_common_headers"),
    Row("1.1", "x-ms-failure-cause only from the gateway", "test_a_missing_child_is_said_by_the_provider"),
    Row("1.1", "compact bodies since 2024", "test_an_empty_list_is_twelve_bytes"),
    # 1.2 etag
    Row("1.2", "ETag header on VNets, not on gateways", "test_the_etag_header_is_sent_for_vnets_and_not_for_gateways"),
    Row(
        "1.2", "one etag a VNet, moved by every change", "test_vnet_and_children_show_one_etag_that_every_change_moves"
    ),
    Row("1.2", "moved by the other VNet's peering", "test_the_first_side_is_initiated_at_once_and_stays_so"),
    Row("1.2", "moved by a gateway", "test_a_gateway_moves_the_etag_of_its_vnet_and_shows_in_its_subnet"),
    # 1.3 long-running operations
    Row("1.3", "PUT new 201, existing 200", "test_a_new_vnet_answers_201_updating_and_an_old_one_200"),
    Row(
        "1.3",
        "PUT headers, guid = x-ms-request-id, region",
        "test_a_put_gives_an_operation_in_the_region_and_no_location",
    ),
    Row("1.3", "DELETE 202 with both headers", "test_a_delete_gives_an_operation_and_a_location_of_the_same_id"),
    Row("1.3", "DELETE missing 204", "test_delete_answers_202_then_204_for_what_is_gone"),
    Row(
        "1.3", "operations and operationResults", "test_an_operation_is_in_progress_with_a_wait_then_succeeded_without"
    ),
    Row("1.3", "failed stays 200 with the error", "test_a_failed_operation_stays_200_with_its_error"),
    Row("1.3", "signed URL since 2024", "test_operation_urls_are_signed_since_2024"),
    Row("1.3", "Retry-After 3 and 10, scaled", "test_waits_are_scaled_by_speed"),
    Row("1.3", "final GET with the PUT's query string", "test_a_sync_answers_in_sync_at_once_and_heals_both_sides"),
    Row("1.3", "SDK's pollers end", "test_both_sides_are_made_synced_and_one_deleted"),
    Row("1.3", "tags are patched at once", "test_tags_are_patched_at_once"),
    Row("1.3", "median durations: peering", "test_a_peering_waits_ten_seconds"),
    Row("1.3", "median durations: gateway", "test_a_gateway_is_bare_while_updating_and_complete_when_succeeded"),
    # 1.4 concurrency
    Row("1.4", "429 RetryableError", "test_a_second_put_on_a_running_operation_is_a_retryable_429"),
    Row("1.4", "429 on a gateway", "test_a_second_put_on_a_gateway_is_a_retryable_429"),
    Row("1.4", "409 AnotherOperationInProgress", "test_a_delete_during_an_operation_of_it_or_a_child_is_409"),
    Row(
        "1.4",
        "400 ReferencedResourceNotProvisioned",
        "test_a_remote_vnet_with_a_running_subnet_operation_is_not_provisioned",
    ),
    Row("1.4", "400 ParentResourceIsInFailedState", "test_a_child_of_a_failed_parent_is_refused"),
    # 1.5 not found
    Row("1.5", "top-level resource", "test_a_missing_top_level_resource_is_said_by_the_gateway"),
    Row("1.5", "top-level resource, recorded words", "test_a_recorded_refusal_is_said_in_the_same_words"),
    Row("1.5", "child, VNet exists", "test_a_missing_child_is_said_by_the_provider"),
    Row("1.5", "child, VNet missing", "test_a_child_of_a_missing_vnet_names_the_vnet"),
    Row("1.5", "group missing", "test_a_missing_group_is_said_for_every_call_inside_it"),
    Row("1.5", "HEAD of a missing group", "test_a_missing_group_has_no_body_for_head"),
    Row("1.5", "PUT under a missing parent", "test_a_put_under_a_missing_parent_is_parent_resource_not_found"),
    Row("1.5", "unknown type", "test_unknown_types_and_namespaces_are_said_by_the_gateway"),
    Row("1.5", "unknown api-version", "test_the_api_version_must_be_a_date"),
    # 1.6 authorisation
    Row("1.6", "AuthorizationFailed", "test_without_a_role_a_read_is_forbidden_with_action_and_scope"),
    Row("1.6", "LinkedAuthorizationFailed across tenants", "test_another_tenant_needs_an_auxiliary_token"),
    Row(
        "1.6",
        "auxiliary tokens by comma or semicolon",
        "test_auxiliary_tokens_may_be_joined_by_semicolon_and_must_be_good",
    ),
    Row("1.6", "a needless auxiliary token is ignored", "test_a_needless_auxiliary_token_is_ignored"),
    Row("1.6", "SDK's auxiliary policy", "test_a_pair_across_tenants_with_the_sdks_auxiliary_policy"),
    Row(
        "1.6",
        "no service principal there: fails at the token",
        "test_named_principals_exist_where_they_are_and_have_their_secret",
    ),
    Row("1.6", "peer/action on the remote VNet", "test_peering_needs_the_peer_action_on_the_remote_vnet"),
    # 1.7 throttling
    Row("1.7", "remaining-quota headers", "test_every_answer_of_a_subscription_tells_what_is_left"),
    Row(
        "1.7",
        "token bucket; a request inside restarts",
        "test_an_empty_bucket_answers_429_and_a_request_inside_the_wait_restarts_it",
    ),
    Row("1.7", "transient server errors, HTML", "test_html_and_truncated_bodies_are_no_json"),
    # 2 resource groups
    Row("2", "PUT 201/200 at once", "test_a_group_is_made_and_updated_at_once"),
    Row("2", "list with tag filter", "test_groups_are_listed_and_filtered_by_tag"),
    Row("2", "DELETE job, Deleting, 404", "test_a_group_is_deleted_by_a_job"),
    Row("2", "a failed delete ends with 409", "test_a_failed_deletion_of_a_group_ends_with_409_and_the_group"),
    Row("2", "ScopeLocked", "test_a_lock_stops_deletions_at_and_above_it"),
    Row("2", "recorded", RECORDED),
    # 3 virtual networks
    Row("3", "lists in group and subscription", "test_lists_cover_a_group_and_a_subscription"),
    Row("3", "nextLink", "test_lists_are_paged_by_next_link"),
    Row("3", "body by version", "test_the_body_follows_its_api_version"),
    Row("3", "dhcpOptions only if sent", "test_dns_servers_are_shown_only_when_sent"),
    Row("3", "several prefixes of a subnet", "test_several_prefixes_of_a_subnet_are_shown_as_several"),
    Row("3", "subnet lifecycle", "test_a_subnet_lives_like_its_vnet"),
    Row("3", "PUT does not touch peerings", "test_a_put_does_not_touch_peerings"),
    Row("3", "CheckIPAddressAvailability", "test_ip_addresses_are_checked_as_recorded"),
    Row("3", "PrivateIPAddressNotInAnySubnet", "test_an_address_outside_every_subnet_is_refused"),
    Row("3", "InvalidAddressPrefixFormat, InvalidCIDRNotation", "test_a_bad_prefix_is_refused"),
    Row(
        "3",
        "InvalidAddressPrefixFormat, recorded words",
        "test_a_recorded_refusal_is_said_in_the_same_words",
    ),
    Row(
        "3",
        "NetcfgInvalidSubnet, recorded words",
        "test_a_recorded_refusal_is_said_in_the_same_words",
    ),
    Row("3", "NetcfgInvalidDnsServer, recorded words", "test_a_recorded_refusal_is_said_in_the_same_words"),
    Row("3", "InUseSubnetCannotBeDeleted", "test_a_subnet_in_use_holds_itself_and_its_vnet"),
    Row("3", "InvalidRequestFormat", "test_wrong_types_in_a_vnet_are_invalid_request_format"),
    Row("3", "VNet DELETE: the other side Disconnected", "test_a_deleted_vnet_leaves_its_peers_disconnected"),
    Row("3", "limits", "test_limits_of_subnets_and_vnets_hold"),
    Row("3", "recorded", RECORDED),
    # 4 peerings, facts
    Row("4", "body by api-version", "test_the_body_has_the_fields_of_its_api_version"),
    Row("4", "fact 1: XOR", "test_resource_guid_is_the_xor_of_both_vnets_and_equal_on_both_sides"),
    Row("4", "fact 2: first side", "test_the_first_side_is_initiated_at_once_and_stays_so"),
    Row("4", "fact 3: second side", "test_the_second_side_answers_connected_at_once_and_the_first_follows"),
    Row(
        "4", "fact 4: PUT of an existing one", "test_a_put_of_an_existing_peering_keeps_its_state_and_moves_both_etags"
    ),
    Row("4", "fact 5: prefix added", "test_a_new_prefix_makes_my_side_remote_and_the_other_local_not_in_sync"),
    Row("4", "fact 5: sync", "test_a_sync_answers_in_sync_at_once_and_heals_both_sides"),
    Row("4", "fact 5: both", "test_both_sides_grown_is_local_and_remote_not_in_sync"),
    Row("4", "fact 6: sync when in sync", "test_a_sync_of_a_peering_in_sync_changes_only_the_etag"),
    Row("4", "fact 7: one side deleted", "test_deleting_one_side_leaves_the_other_disconnected_with_space_and_flags"),
    Row("4", "fact 8: refused", "test_a_side_cannot_be_made_again_against_a_disconnected_one"),
    Row("4", "fact 8: way out by delete", "test_deleting_the_disconnected_side_is_a_way_out"),
    Row("4", "fact 8: way out by PUT", "test_putting_the_disconnected_side_makes_it_initiated_again"),
    Row("4", "fact 9: gateway transit", "test_gateway_transit_lists_the_remote_gateway_and_forgets_it"),
    Row("4", "fact 11: 404 from NRP", "test_a_missing_child_is_said_by_the_provider"),
    Row("4", "recorded", RECORDED),
    # 4 peerings, validation
    Row("4", "VnetAddressSpacesOverlap", "test_overlapping_spaces_are_refused_with_both_prefixes"),
    Row(
        "4",
        "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet",
        "test_a_space_that_overlaps_with_another_peer_of_the_remote_is_refused",
    ),
    Row("4", "AnotherPeeringAlreadyReferencesRemoteVnet", "test_a_second_peering_to_the_same_remote_is_refused"),
    Row("4", "RemotePeeringIsDisconnected", "test_a_vnet_made_again_is_another_one_to_its_peers"),
    Row(
        "4",
        "RemoteVnetHasNoGateways, also unverified",
        "test_use_remote_gateways_needs_a_remote_gateway_even_unverified",
    ),
    Row("4", "reverse has no transit: text", "test_use_remote_gateways_needs_transit_on_the_other_side"),
    Row("4", "two useRemoteGateways: text", "test_only_one_peering_may_use_remote_gateways"),
    Row("4", "name rules", "test_a_name_outside_the_rules_is_refused"),
    Row("4", "subnet peering", "test_overlap_of_a_subnet_peering_is_judged_on_the_chosen_subnets"),
    Row("4", "global peering: own region's operations", "test_a_put_gives_an_operation_in_the_region_and_no_location"),
    # 5, 6 as far as transit needs
    Row("5", "Standard static address", "test_a_standard_address_is_known_when_succeeded"),
    Row("5", "PublicIPAddressCannotBeDeleted", "test_an_address_in_use_cannot_be_deleted"),
    Row("5", "Basic retired, Standard must be static", "test_basic_and_dynamic_addresses_are_refused"),
    Row("6", "body while Updating and after", "test_a_gateway_is_bare_while_updating_and_complete_when_succeeded"),
    Row("6", "active-active addresses", "test_an_active_active_gateway_has_two_addresses"),
    Row("6", "NonAzSkusNotAllowedForVPNGateway", "test_retired_skus_are_refused_in_this_era_only"),
    Row(
        "1.4",
        "an identical PUT joins a running creation after 12 s",
        "test_a_second_put_is_refused_for_twelve_seconds_then_an_equal_one_joins",
    ),
    Row(
        "1.4",
        "AnotherOperationInProgress while a key is set",
        "test_setting_a_key_leaves_the_connection_updating_for_forty_seconds",
    ),
    Row("5", "PATCH tags at once, a PUT that needs no work", "test_a_change_of_an_addresss_tags_is_done_at_once"),
    Row(
        "5",
        "Dynamic only while attached to a running gateway",
        "test_a_dynamic_address_of_2023_is_known_while_its_gateway_stands",
    ),
    Row("5", "dnsSettings", "test_an_address_has_a_name_of_its_own"),
    Row(
        "6",
        "default vpnClientConfiguration in the PUT answer only",
        "test_only_the_answer_of_a_put_shows_a_default_client_configuration",
    ),
    Row("6", "no list of a subscription", "test_a_gateway_is_listed_in_its_group_only"),
    Row("6", "PATCH tags is long-running", "test_tags_are_changed_by_a_long_running_patch"),
    Row("6", "actions: Location only, 200 with the result", "test_an_action_is_followed_by_its_location_only"),
    Row("6", "AZ SKUs need zones", "test_az_skus_need_addresses_with_zones"),
    Row("5", "zones where there are none", "test_an_address_with_zones_is_refused_where_there_are_none"),
    Row("5", "a zone that is none", "test_an_unknown_zone_is_refused_with_the_known_ones"),
    Row("6", "regional fallback without zones", "test_an_az_sku_stands_without_zones_where_there_are_none"),
    Row("6", "SKUs by generation, PolicyBased Basic", "test_a_gateway_that_breaks_a_rule_is_refused"),
    Row("6", "NSG on GatewaySubnet", "test_a_security_group_is_refused_before_and_after_the_gateway"),
    Row("6", "/29 for Basic only, /27 for every other SKU", "test_a_gateway_subnet_has_room_for_its_sku"),
    Row("3", "InUsePrefixCannotBeDeleted", "test_the_prefix_of_a_gateway_subnet_in_use_stays"),
    Row("3", "GatewaySubnet in use", "test_a_gateway_subnet_in_use_is_not_deleted_in_any_way"),
    Row("6", "join/action on subnet and address", "test_a_gateway_needs_the_right_to_join_its_subnet_and_address"),
    Row(
        "6", "ActiveActiveGatewayMustHaveExactlyTwoIpConfigurations", "test_an_active_active_gateway_has_two_addresses"
    ),
    Row("1.3", "pollers of a whole VPN, each speed", "test_a_vpn_lives_at_any_speed"),
    Row(
        "1.3",
        "a failed PUT leaves Failed; the same PUT repairs",
        "test_a_gateway_whose_creation_failed_is_failed_and_repaired_by_the_same_put",
    ),
    Row("1.6", "least rights of a VPN", "test_each_right_of_the_vpn_role_is_needed"),
    Row("6", "VirtualNetworkGatewayCannotBeDeleted", "test_a_gateway_with_connections_cannot_be_deleted"),
    Row(
        "1.6",
        "sharedKey with read only is a 500",
        "test_reading_a_key_needs_read_and_action_and_with_read_alone_is_an_internal_error",
    ),
    Row("7", "connectionStatus over time", "test_two_directions_with_one_key_come_up_over_time"),
    Row(
        "7",
        "one direction: Connecting, NotConnected in 2015",
        "test_a_lone_direction_stays_connecting_and_was_not_connected_in_2015",
    ),
    Row(
        "7",
        "a changed key does not drop a tunnel at once",
        "test_a_changed_key_drops_a_tunnel_only_after_it_has_lasted",
    ),
    Row("7", "no list and no newer version has a key", "test_no_list_and_no_newer_version_tells_a_key"),
    Row("7", "equal byte counters", "test_both_directions_have_counted_the_same_bytes"),
    Row("7", "status absent while Updating and in lists", "test_the_status_is_absent_while_updating_and_in_both_lists"),
    Row("7", "key absent in newer api-versions", "test_the_key_is_shown_until_2024_and_absent_after"),
    Row("7", "PUT with another key does not change it", "test_a_put_with_another_key_changes_everything_but_the_key"),
    Row(
        "7",
        "SetSharedKey: 200 empty, 40 s, 409 on DELETE",
        "test_setting_a_key_leaves_the_connection_updating_for_forty_seconds",
    ),
    Row("7", "sharedkey/reset", "test_a_reset_key_has_the_wanted_length"),
    Row("7", "whole gateway objects are sent, ids kept", "test_whole_gateways_may_be_sent_and_only_their_ids_are_kept"),
    Row("7", "a deployment waits for a gateway", "test_a_deployment_waits_for_a_gateway_that_is_being_updated"),
    Row("8", "six default rules", "test_a_security_group_has_six_default_rules"),
    Row("8", "in-use security group", "test_a_security_group_in_use_cannot_be_deleted"),
    Row("8", "SecurityRuleInvalidPriority", "test_a_priority_outside_its_range_is_refused"),
    Row("8", "routes are children", "test_a_route_is_a_child_of_its_table"),
    Row("8", "in-use route table", "test_a_route_table_in_use_cannot_be_deleted"),
    Row("9", "PUT, status, outputs", "test_a_deployment_makes_the_connection"),
    Row("9", "DeploymentFailed", "test_a_failed_deployment_has_the_recorded_shape"),
    Row(
        "9",
        "InvalidTemplate, InvalidTemplateDeployment",
        "test_validate_says_what_put_would_run_into_and_makes_nothing",
    ),
    Row("10", "202, both headers, status URL", "test_a_write_is_accepted_with_an_empty_object_and_both_headers"),
    Row("10", "etags without W/", "test_etags_have_no_weak_mark_and_a_links_has_quotes"),
    Row("10", "If-None-Match fails the operation", "test_creating_what_exists_ends_failed"),
    Row("10", "If-Match fails the operation", "test_a_stale_if_match_fails_the_operation"),
    Row("10", "counts and limits", "test_links_and_registrations_are_limited"),
    Row("10", "DELETE of a missing one 204", "test_what_is_missing_is_deleted_with_204"),
)

# Rows marked unverified, or with an unknown code: what was chosen.
CHOSEN = (
    Row(
        "1.2",
        "If-Match, If-None-Match: honoured, 412 PreconditionFailedEtagMismatch",
        "test_a_matching_etag_is_let_through_and_another_refused",
    ),
    Row("1.3", "a resource under deletion shows Deleting", "test_a_vnet_is_deleting_until_its_operation_ends"),
    Row(
        "1.4",
        "a peering operation leaves its VNet Succeeded; `strict` makes it Updating",
        "test_a_running_peering_operation_leaves_its_vnet_succeeded_unless_strict",
    ),
    Row(
        "1.4",
        "peerings of one VNet are made side by side; `strict` 429",
        "test_peerings_of_one_vnet_are_made_side_by_side_unless_strict",
    ),
    Row(
        "1.4",
        "an identical PUT does not join a running one: 429",
        "test_a_second_put_on_a_running_operation_is_a_retryable_429",
    ),
    Row(
        "1.4",
        "a child's PUT while the VNet's own operation runs: 429",
        "test_a_second_put_on_a_vnet_or_its_subnet_is_a_retryable_429",
    ),
    Row("1.5", "SubscriptionNotFound text", "test_an_unknown_subscription_is_not_found"),
    Row("1.6", "InvalidAuthenticationTokenTenant text", "test_a_subscription_of_another_tenant_is_401"),
    Row(
        "1.6", "LinkedAuthorizationFailed in one tenant: text", "test_peering_needs_the_peer_action_on_the_remote_vnet"
    ),
    Row(
        "1.6",
        "lists and polls need the role at the subscription",
        "test_operation_polls_need_a_role_at_the_subscription",
    ),
    Row(
        "1.6",
        "a bad auxiliary token counts only when one is needed",
        "test_auxiliary_tokens_may_be_joined_by_semicolon_and_must_be_good",
    ),
    Row("2", "ResourceGroupBeingDeleted text", "test_a_group_is_deleted_by_a_job"),
    Row(
        "5",
        "a location that Azure's list of regions does not name has zones; LocationNotSupportAvailabilityZones is a 400",
        "test_an_address_with_zones_is_refused_where_there_are_none",
    ),
    Row(
        "5",
        "List Locations without latitude and longitude; regionCategory Recommended where there are zones",
        "test_a_region_with_zones_is_listed_as_documented",
    ),
    Row(
        "5",
        "zone mappings shown from api-version 2022-12-01 on, metadata from 2020 on",
        "test_mappings_are_younger_than_2022_12_01",
    ),
    Row(
        "3",
        "PUT without subnets keeps them, in every api-version",
        "test_a_put_replaces_subnets_and_without_the_property_keeps_them",
    ),
    Row("3", "NetcfgSubnetRangesOverlap", "test_overlapping_subnets_are_refused"),
    Row(
        "3",
        "DELETE of a VNet with peerings of its own is accepted",
        "test_a_deleted_vnet_leaves_its_peers_disconnected",
    ),
    Row("3", "codes at the limits: …CountLimitReached", "test_limits_of_subnets_and_vnets_hold"),
    Row(
        "4",
        "without the flag an update keeps its copy of the remote space",
        "test_without_the_flag_an_update_keeps_its_copy_of_the_remote_space",
    ),
    Row(
        "4",
        "another remote under the same name: RemoteVnetOfPeeringCannotBeChanged",
        "test_the_remote_vnet_of_a_peering_cannot_be_changed",
    ),
    Row(
        "4",
        "no transit on the other side: RemotePeeringDoesNotAllowGatewayTransit",
        "test_use_remote_gateways_needs_transit_on_the_other_side",
    ),
    Row(
        "4", "two useRemoteGateways: AnotherPeeringUsesRemoteGateways", "test_only_one_peering_may_use_remote_gateways"
    ),
    Row(
        "4", "own gateway: VnetHasGatewayCannotUseRemoteGateways", "test_a_vnet_with_a_gateway_cannot_use_a_remote_one"
    ),
    Row(
        "4",
        "a gateway where a remote one is used: VnetUsesRemoteGatewaysCannotHaveGateway",
        "test_a_vnet_that_uses_a_remote_gateway_gets_none_of_its_own",
    ),
    Row(
        "4",
        "transit withdrawn while used: RemotePeeringUsesGatewayTransit",
        "test_transit_cannot_be_taken_away_while_it_is_used",
    ),
    Row(
        "4",
        "a gateway counts once its first operation has succeeded",
        "test_a_gateway_that_is_still_being_made_is_none",
    ),
    Row("4", "itself: CannotPeerVnetWithItself", "test_a_peering_with_itself_is_refused"),
    Row("4", "remote missing: InvalidResourceReference", "test_a_missing_remote_vnet_is_an_invalid_reference"),
    Row(
        "4",
        "an id that is no VNet: LinkedInvalidPropertyId",
        "test_a_remote_id_that_is_no_vnet_is_a_linked_invalid_property",
    ),
    Row("4", "more than 500: VirtualNetworkPeeringsCountLimitReached", "test_the_limit_of_peerings_holds"),
    Row(
        "4",
        "the local VNet's peers count for overlap, too",
        "test_a_space_that_overlaps_with_another_peer_of_the_remote_is_refused",
    ),
    Row(
        "4",
        "Disconnected: sync level RemoteNotInSync",
        "test_the_sync_level_of_a_disconnected_peering_is_remote_not_in_sync",
    ),
    Row(
        "4",
        "a prefix that overlaps with a peer is taken by the VNet and refused at the next sync",
        "test_an_overlap_made_after_the_peering_is_refused_at_the_next_sync",
    ),
    Row(
        "4",
        "unknown subnet of a subnet peering: PeeringSubnetNotFound",
        "test_a_subnet_peering_names_subnets_that_exist",
    ),
    Row("6", "wrong subnet: InvalidGatewaySubnet", "test_a_gateway_needs_a_gateway_subnet_of_that_name"),
    Row("6", "second gateway: VirtualNetworkGatewayCountLimitReached", "test_a_vnet_has_one_vpn_gateway"),
    Row(
        "2",
        "deletion of a group that others need: ResourceGroupDeletionBlocked",
        "test_a_group_with_something_that_another_group_uses_is_not_deleted",
    ),
    Row("5", "label in use: DnsRecordInUse", "test_an_address_has_a_name_of_its_own"),
    Row(
        "5",
        "other sku or zones: SkuPropertyCannotBeChanged, ResourceAvailabilityZonesCannotBeModified",
        "test_sku_and_zones_of_an_address_stay",
    ),
    Row(
        "6",
        "an address that another gateway has: PublicIPAddressInUse",
        "test_a_gateway_needs_an_address_that_exists_is_free_and_stands",
    ),
    Row(
        "6",
        "UDR on GatewaySubnet: GatewaySubnetRouteTableNotSupported; on one in use it is accepted",
        "test_a_default_route_hinders_a_gateway_and_may_come_later",
    ),
    Row(
        "6",
        "too small: a 400 at once, GatewaySubnetTooSmall, in every era",
        "test_a_gateway_subnet_has_room_for_its_sku",
    ),
    Row(
        "6",
        "Basic active-active: ActiveActiveNotSupportedForBasicSku; two configurations without activeActive: "
        "InvalidNumberOfGatewayIpConfigurations; PolicyBased: PolicyBasedVpnGatewayMustBeBasicSku",
        "test_a_gateway_that_breaks_a_rule_is_refused",
    ),
    Row(
        "6",
        "subnet or address in another region: InvalidResourceReference",
        "test_a_gateway_stands_in_the_region_of_its_network_and_address",
    ),
    Row(
        "6",
        "localNetworkGateways/write, which the docs list for a gateway's PUT, is not needed",
        "test_a_gateway_needs_the_right_to_join_its_subnet_and_address",
    ),
    Row(
        "6",
        "repair of a gateway that was never made takes as long as its creation",
        "test_a_gateway_whose_creation_failed_is_failed_and_repaired_by_the_same_put",
    ),
    Row(
        "6",
        "PATCH of tags leaves what was Failed so",
        "test_tags_do_not_repair_a_gateway_that_was_never_made",
    ),
    Row(
        "7",
        "neither PATCH nor SetSharedKey makes a connection whose creation failed",
        "test_neither_tags_nor_a_key_make_a_connection_that_failed",
    ),
    Row("6", "an update without bgpSettings keeps the ASN", "test_bgp_settings_are_kept_as_sent"),
    Row("6", "learned routes: the far VNets' spaces", "test_routes_are_learned_over_a_bgp_connection_that_stands"),
    Row(
        "7",
        "up after 120 s, down 300 s after a mismatch (durations connections.connecting, .notConnected)",
        "test_unequal_keys_never_connect_and_end_as_not_connected",
    ),
    Row(
        "7",
        "the far gateway may be in another tenant, without a right there and without an auxiliary token",
        "test_gateways_of_two_tenants_are_joined_by_a_connection_in_each",
    ),
    Row(
        "7",
        "both ends rekeyed before it falls: it never fell and is not cut (connection_status)",
        "test_both_ends_rekeyed_within_the_grace_never_fall",
    ),
    Row(
        "7",
        "once fallen, equal keys raise it within connections.connecting",
        "test_a_slow_rotation_is_down_from_the_fall_until_it_has_risen_again",
    ),
    Row(
        "7",
        "a key is new from the acceptance of its PUT on, also when the operation then fails",
        "test_a_failed_key_operation_leaves_the_new_key_and_a_failed_connection",
    ),
    Row(
        "7",
        "a reverse direction that goes takes the tunnel down as a mismatch does",
        "test_a_deleted_direction_takes_the_other_down_after_a_while",
    ),
    Row(
        "7",
        "same gateways twice: VirtualNetworkGatewayConnectionAlreadyExists",
        "test_a_second_connection_of_the_same_direction_is_refused",
    ),
    Row(
        "7",
        "other gateways: VirtualNetworkGatewayConnectionGatewaysCannotBeChanged",
        "test_the_gateways_of_a_connection_stay",
    ),
    Row(
        "7",
        "a gateway that is Updating: ReferencedResourceNotProvisioned",
        "test_a_connection_needs_gateways_that_exist_and_stand",
    ),
    Row(
        "7",
        "key rules: InvalidSharedKey, InvalidSharedKeyLength",
        "test_a_key_of_other_characters_or_length_is_refused",
    ),
    Row("7", "sharedKey hidden from 2024-10-01 on", "test_the_key_is_shown_until_2024_and_absent_after"),
    Row("8", "a rule's or route's operation makes its parent Updating", "test_a_route_is_a_child_of_its_table"),
    Row("8", "two rules of one priority: SecurityRuleConflict", "test_rules_differ_in_priority_or_direction"),
    Row(
        "9",
        "a running deployment of the name: DeploymentActive",
        "test_a_second_deployment_of_the_name_waits_for_the_first",
    ),
    Row("10", "zone with links: 409 CannotDeleteResource", "test_a_zone_with_links_stays"),
    Row("10", "a VNet linked twice: 409 Conflict", "test_a_vnet_is_linked_once_and_must_exist"),
)


@cache
def existing() -> frozenset[str]:
    """Names of all test functions, read without importing them."""
    found: set[str] = set()
    for place in PLACES:
        for path in sorted((TESTS / place).glob("test_*.py")):
            tree = ast.parse(path.read_text())
            found |= {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    return frozenset(found)


@pytest.mark.parametrize("row", [*ROWS, *CHOSEN], ids=lambda row: f"{row.section} {row.fact}"[:80])
def test_a_row_of_arm_md_is_proved_by_a_test(row: Row) -> None:
    assert row.test in existing()


def test_every_section_that_armsim_covers_has_rows() -> None:
    wanted = {f"1.{number}" for number in range(1, 8)} | {str(number) for number in range(2, 11)}
    assert {row.section for row in ROWS} == wanted
