#!/bin/sh
exec startxfce4
