-- Sends each new series of spectra to the gateway once nothing of it has come for StableAge seconds.
-- Results are SR, DOC and OT, so that they do not go round.

local SPECTRA = {
  ["1.2.840.10008.5.1.4.1.1.4.2"] = true, -- MR Spectroscopy Storage
  ["1.3.12.2.1107.5.9.1"] = true, -- Siemens CSA Non-Image Storage
}

function OnStableSeries(series, tags, metadata)
  if tags["Modality"] ~= "MR" then
    return
  end
  local first = ParseJson(RestApiGet("/series/" .. series))["Instances"][1]
  if SPECTRA[RestApiGet("/instances/" .. first .. "/metadata/SopClassUid")] then
    -- SendToModality takes instances only; the REST call takes a series
    RestApiPost("/modalities/mrsquant/store", '{"Resources": ["' .. series .. '"], "Synchronous": false}')
  end
end
