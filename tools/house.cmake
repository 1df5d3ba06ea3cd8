# What every target of the house shares, and the functions that make targets.

find_package(PkgConfig REQUIRED)
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(idn2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(microhttpd REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(zlib REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
if(USHER_TESTS)
  enable_testing()
  pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
endif()

find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

# Warnings, for every target.  The presets make them errors.
add_library(house INTERFACE)
target_include_directories(house INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
target_compile_definitions(house INTERFACE
  _GNU_SOURCE USHER_VERSION="${PROJECT_VERSION}")
target_compile_options(house INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
  -Wwrite-strings -Wcast-qual -Wvla -Walloca -Wswitch-enum -Wformat=2 -Wundef
  -Wnull-dereference -Wdouble-promotion -Wfloat-conversion
  -Werror=implicit-function-declaration
  $<$<C_COMPILER_ID:Clang>:-Wno-string-conversion> # assert(!"cannot happen")
  -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)

# Defences against what tests did not find.  NDEBUG is never defined: asserts stay.
if(USHER_HARDEN)
  include(CheckCCompilerFlag)
  include(CheckIPOSupported)
  include(CheckPIESupported)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  check_pie_supported()
  check_ipo_supported(RESULT CAN_LTO LANGUAGES C OUTPUT why)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${CAN_LTO})
  check_c_compiler_flag(-fcf-protection CAN_CF_PROTECTION)
  check_c_compiler_flag(-ftrivial-auto-var-init=zero CAN_INIT_ZERO)
  target_compile_definitions(house INTERFACE _FORTIFY_SOURCE=3)
  target_compile_options(house INTERFACE
    -fstack-protector-strong -fstack-clash-protection
    $<$<BOOL:${CAN_CF_PROTECTION}>:-fcf-protection>
    -ftrivial-auto-var-init=$<IF:$<BOOL:${CAN_INIT_ZERO}>,zero,pattern>
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
  target_link_options(house INTERFACE
    -Wl,-z,relro,-z,now,-z,noexecstack
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
endif()

# A library of any layer.  USES names libraries of the house and third-party targets.
function(layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USES")
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC house ${arg_USES})
endfunction()

# A pure layer sees the world only through its arguments: see src/base/pure.h.
function(pure_layer name)
  layer(${name} ${ARGN})
  target_compile_options(${name} PRIVATE -include ${PROJECT_SOURCE_DIR}/src/base/pure.h)
  set_property(GLOBAL APPEND PROPERTY PURE_LAYERS ${name})
endfunction()

# Embeds migrations/<service>/NNN-what.sql in a library: <service>_migrations[].
function(embed_migrations target service)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/migrations/${service}/*.sql)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${service}_migrations.c)
  set(tool ${PROJECT_SOURCE_DIR}/tools/embed_migrations.sh)
  add_custom_command(OUTPUT ${output} DEPENDS ${files} ${tool} VERBATIM
    COMMAND sh -c "\"$@\" >${output}" embed ${tool} ${service} ${files})
  set_source_files_properties(${output} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
  target_sources(${target} PRIVATE ${output})
endfunction()

# Compiles templates/*.html, texts/*.txt and static/* of the current directory into a library.
function(embed_site target)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/site_files.c)
  file(GLOB templates CONFIGURE_DEPENDS templates/*.html)
  file(GLOB assets CONFIGURE_DEPENDS static/*)
  set(texts ${CMAKE_CURRENT_SOURCE_DIR}/texts/en.txt ${CMAKE_CURRENT_SOURCE_DIR}/texts/de.txt)
  set(arguments)
  set(made)
  foreach(file ${templates})
    list(APPEND arguments --template ${file})
  endforeach()
  foreach(file ${texts})
    list(APPEND arguments --texts ${file})
  endforeach()
  foreach(file ${assets})
    get_filename_component(name ${file} NAME)
    set(packed ${CMAKE_CURRENT_BINARY_DIR}/${name}.gz)
    add_custom_command(OUTPUT ${packed} DEPENDS ${file} VERBATIM
      COMMAND sh -c "gzip -9 -n -c \"$1\" >\"$2\"" pack ${file} ${packed})
    list(APPEND arguments --asset ${file} ${packed})
    list(APPEND made ${packed})
  endforeach()
  add_custom_command(OUTPUT ${output} VERBATIM
    DEPENDS make_site ${templates} ${texts} ${assets} ${made}
    COMMAND make_site ${output} ${arguments})
  set_source_files_properties(${output} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
  target_sources(${target} PRIVATE ${output})
endfunction()

# A program.
function(program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USES")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE house ${arg_USES})
endfunction()

# A test that is a command.  Exit status 77 means skipped.  Labels: unit service scenario sim
# check e2e, or long for what only `./dev test --all` runs.
function(command_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT" "COMMAND")
  if(NOT USHER_TESTS)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES
    LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77)
endfunction()

# A cmocka program.  Label unit, unless it says otherwise.
function(unit_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT" "SOURCES;USES")
  if(NOT USHER_TESTS)
    return()
  endif()
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  program(${name} SOURCES ${arg_SOURCES} USES ${arg_USES} PkgConfig::cmocka)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  command_test(${name} LABEL ${arg_LABEL} TIMEOUT ${arg_TIMEOUT} COMMAND ${name})
endfunction()

# A parser of strangers' bytes under fuzz/: LLVMFuzzerTestOneInput() and nothing else.
# The fuzz preset makes a fuzzer of it; the others a test that replays fuzz/corpus/<name>/.
function(fuzz_target name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USES")
  if(USHER_FUZZ)
    program(fuzz_${name} SOURCES ${arg_SOURCES} USES ${arg_USES})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    set_property(GLOBAL APPEND PROPERTY FUZZ_TARGETS ${name})
  elseif(USHER_TESTS)
    program(fuzz_${name} SOURCES ${arg_SOURCES} ${PROJECT_SOURCE_DIR}/fuzz/replay.c
            USES ${arg_USES})
    command_test(fuzz_${name} LABEL unit
                 COMMAND fuzz_${name} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${name})
  endif()
endfunction()
