-- As kstatus judges: what was said of an older generation does not count, Stalled means that somebody has to act,
-- Reconciling that the operator is on its way. The same file for every kind of vnetlink.dev.
local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local function is(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end

local ready = conditions["Ready"]
if ready == nil or status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "Waiting for the vnetlink operator" }
end
if is("Stalled") then
  return { status = "Degraded", message = ready.message }
end
if obj.spec.suspend == true then
  return { status = "Suspended", message = ready.message }
end
if is("Reconciling") then
  return { status = "Progressing", message = ready.message }
end
if is("Ready") then
  return { status = "Healthy", message = ready.message }
end
return { status = "Degraded", message = ready.message }
