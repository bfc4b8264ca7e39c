# A copy of DPF with four edits. Without three of its VST3 wrapper 2080 hidden parameters for MIDI controllers come before
# ours, and many hosts list them all; without that of CLAP's, quarter notes count as beats of the time signature. Each edit must match, so that another version of DPF fails here and not in a host.
function(edit file from to)
  file(READ "${file}" text)
  string(FIND "${text}" "${from}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${file} is not the one of DPF 1.6: it lacks '${from}'")
  endif()
  string(REPLACE "${from}" "${to}" text "${text}")
  file(WRITE "${file}" "${text}")
endfunction()

function(patched_dpf from to)
  if(EXISTS "${to}/done")
    return()
  endif()
  file(COPY "${from}/distrho" "${from}/utils/symbols" DESTINATION "${to}")
  edit("${to}/distrho/src/DistrhoPluginVST.hpp" "kVst3InternalParameterMidiCC_start + 130*16"
    "kVst3InternalParameterMidiCC_start")
  edit("${to}/distrho/src/DistrhoPluginVST3.cpp" "rindex <= kVst3InternalParameterMidiCC_end"
    "rindex < kVst3InternalParameterMidiCC_end")
  edit("${to}/distrho/src/DistrhoPluginVST3.cpp" "        *id = kVst3InternalParameterMidiCC_start + channel * 130 + cc;
        return V3_TRUE;" "        return V3_FALSE;")
  edit("${to}/distrho/src/DistrhoPluginCLAP.cpp" "std::abs(transport->song_pos_beats)"
    "std::abs(transport->song_pos_beats) * transport->tsig_denom / 4")
  file(WRITE "${to}/done" "")
endfunction()

# plugin_format(DPF's name, target and version script, folder, file name)
function(plugin_format format target folder name)
  add_library(${target} MODULE "${CMAKE_BINARY_DIR}/dpf/distrho/DistrhoPluginMain.cpp")
  target_compile_definitions(${target} PRIVATE DISTRHO_PLUGIN_TARGET_${format})
  target_compile_options(${target} PRIVATE -w)
  target_link_libraries(${target} PRIVATE plugin)
  target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc
    "-Wl,--version-script=${CMAKE_BINARY_DIR}/dpf/symbols/${target}.version" -Wl,--gc-sections -Wl,--no-undefined -s)
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX "" OUTPUT_NAME "${name}" LIBRARY_OUTPUT_DIRECTORY "${folder}")
endfunction()
