package com.fasterxml.jackson.datatype.jsr310;

import com.fasterxml.jackson.databind.module.SimpleModule;

/** Stands in for Jackson's module of java.time, which Debian 12 does not have. RFC3339JavaTimeModule does its part. */
public class JavaTimeModule extends SimpleModule {
}
