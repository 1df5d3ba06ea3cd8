# The rules of the house, as tests.  The lists that they read: layers.txt and symbols.txt.

get_property(layers GLOBAL PROPERTY PURE_LAYERS)
set(archives)
foreach(layer ${layers})
  list(APPEND archives $<TARGET_FILE:${layer}>)
endforeach()

command_test(check_layers LABEL check COMMAND tools/check_layers.sh)
command_test(check_text LABEL check COMMAND tools/check_text.sh)
command_test(check_format LABEL check COMMAND tools/check_format.sh)
command_test(check_shell LABEL check COMMAND tools/check_shell.sh)
command_test(check_pitfalls LABEL check COMMAND tools/pitfalls --check)
command_test(check_checks LABEL check COMMAND tests/checks_test.sh)
if(archives)
  command_test(check_symbols LABEL check COMMAND tools/check_symbols.sh ${archives})
endif()
