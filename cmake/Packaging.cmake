# A Debian package of what is installed: configure with
# -DCMAKE_INSTALL_PREFIX=/usr -DCAAD_PACKAGE=ON -DBUILD_TESTING=OFF, then cpack.
option(CAAD_PACKAGE "install to /etc too, for a package" OFF)
if(NOT CAAD_PACKAGE)
    return()
endif()

# dpkg asks before it replaces what an operator wrote.
install(FILES ${PROJECT_SOURCE_DIR}/deploy/caad.yaml
        DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/caad)

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME caad)
set(CPACK_PACKAGE_CONTACT "caad maintainers <caad@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
"Answers for a certificate authority whether it may issue for given names:
looks up CAA records (RFC 8659, RFC 8657, RFC 9495) through validating
resolvers and keeps an audit record of every verdict. With caactl, its
command line, and libcaa_client, its client library.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "unbound, dns-root-data")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(script postinst prerm postrm conffiles triggers)
    list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/deploy/debian/${script})
endforeach()
include(CPack)
