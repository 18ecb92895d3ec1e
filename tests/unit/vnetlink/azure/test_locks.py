"""Who may write to which VNets."""

import asyncio

from vnetlink.azure.locks import VnetLocks
from vnetlink.domain.arm_id import VnetId

A, B, C = (VnetId("00000000-0000-0000-0000-000000000000", "net", name) for name in ("a-", "b-", "c-"))


async def test_writers_that_share_a_vnet_go_one_after_the_other() -> None:
    locks, seen = VnetLocks(), []

    async def write(name: str, *vnets: VnetId) -> None:
        async with locks.held(*vnets):
            seen.append(f"{name} in")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            seen.append(f"{name} out")

    await asyncio.gather(write("ab", A, B), write("bc", B, C))
    assert seen == ["ab in", "ab out", "bc in", "bc out"]


async def test_the_same_two_vnets_in_either_order_do_not_wait_for_each_other_for_ever() -> None:
    locks = VnetLocks()

    async def write(*vnets: VnetId) -> None:
        for _ in range(20):
            async with locks.held(*vnets):
                await asyncio.sleep(0)

    async with asyncio.timeout(5):
        await asyncio.gather(write(A, B), write(B, A), write(B, C), write(C, A))


async def test_casing_makes_no_second_lock() -> None:
    locks = VnetLocks()
    async with locks.held(A, VnetId(A.subscription, "NET", "A-")):
        assert len(locks) == 1


async def test_no_lock_is_left_over() -> None:
    locks = VnetLocks()
    async with locks.held(A, B):
        waiting = asyncio.create_task(locks.held(B, C).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert len(locks) == 0
