# Run by cpack between the installation and the package: manuals and changelog
# are compressed, without a time stamp, as Debian wants them.
set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share)
file(GLOB files ${share}/man/man*/*.[1-9] ${share}/doc/caad/changelog)
execute_process(COMMAND gzip -9nf ${files} COMMAND_ERROR_IS_FATAL ANY)
