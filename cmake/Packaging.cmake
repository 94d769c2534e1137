# A Debian package of what is installed: configure with
# -DCMAKE_INSTALL_PREFIX=/usr -DCAAD_PACKAGE=ON -DBUILD_TESTING=OFF, then cpack.
option(CAAD_PACKAGE "install to /etc too, for a package" OFF)
if(NOT CAAD_PACKAGE)
    return()
endif()
set(CAAD_PACKAGE_CONTACT "caad maintainers <caad@example.com>"
    CACHE STRING "the package's maintainer: a name and an address that is read")

set(debian ${PROJECT_SOURCE_DIR}/deploy/debian)
file(STRINGS ${debian}/changelog newest LIMIT_COUNT 1)
if(NOT newest MATCHES "^caad \\(${PROJECT_VERSION}\\) ")
    message(FATAL_ERROR "deploy/debian/changelog has no entry for ${PROJECT_VERSION}")
endif()

# dpkg asks before it replaces what an operator wrote.
install(FILES ${PROJECT_SOURCE_DIR}/deploy/caad.yaml
        DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/caad)
install(FILES ${debian}/changelog ${debian}/copyright ${PROJECT_SOURCE_DIR}/CHANGELOG.md
              ${PROJECT_SOURCE_DIR}/docs/audit.md ${PROJECT_SOURCE_DIR}/docs/deploy.md
              ${PROJECT_SOURCE_DIR}/docs/resolver.md ${PROJECT_SOURCE_DIR}/docs/wire.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${debian}/lintian-overrides
        DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME caad)
# For clients in other languages.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/proto DESTINATION ${CMAKE_INSTALL_DATADIR}/caad
        FILES_MATCHING PATTERN *.proto)

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/PackageFiles.cmake)
set(CPACK_PACKAGE_NAME caad)
set(CPACK_PACKAGE_CONTACT "${CAAD_PACKAGE_CONTACT}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
"Answers for a certificate authority whether it may issue for given names:
looks up CAA records (RFC 8659, RFC 8657, RFC 9495) through validating
resolvers and keeps an audit record of every verdict. With caactl, its
command line, and libcaa_client, its client library.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
# For the user and the directories; a container wants no more of systemd.
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "unbound, dns-root-data")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql")
# The library's own users get their dependency on this package from it.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(script postinst prerm postrm conffiles triggers)
    list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/${script})
endforeach()
include(CPack)
