#!/bin/sh
# Drives Switchhook with curl: registers, calls a number, hangs up, and prints what happened. With nc it asks over TCP.
#
#     switchhook serve          # in another terminal
#     SIP_SERVER=sip.example.com SIP_USER=1001 SIP_PASSWORD=secret ./phone.sh 1234
set -eu
port=${SWITCHHOOK_PORT:-19422}

api() { # function, then key=value …
  function=$1
  shift
  for argument; do
    set -- "$@" --data-urlencode "$argument"
    shift
  done
  curl -sS --get "http://127.0.0.1:$port/" -d "function=$function" -d "client=shell-$$" "$@" | sed 's/.*APIRESULT://'
}

printf 'API_GetVersion\r\n' | nc -N 127.0.0.1 "$port" | sed 's/.*APIRESULT:/Switchhook /'

api API_PollNotificationStrings >/dev/null # from now on
api API_Register "server=$SIP_SERVER" "username=$SIP_USER" "password=$SIP_PASSWORD"
called=no
while :; do
  notifications=$(api API_GetNotificationStrings | sed 's/^WPNOTIFICATION,//; s/,NEOL.*//')
  printf '%s\n' "$notifications"
  case $notifications in
  *CDR,*) exit ;;
  *CallConnect*) api API_Hangup line=-1 ;;
  *REGISTER,*Registered*)
    [ $called = yes ] || api API_Call line=-1 "peer=$1"
    called=yes
    ;;
  esac
done
