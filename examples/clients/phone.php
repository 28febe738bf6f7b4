<?php
// Drives Switchhook over HTTP: registers, calls a number, hangs up, and prints what happened.
//
//     switchhook serve          # in another terminal
//     SIP_SERVER=sip.example.com SIP_USER=1001 SIP_PASSWORD=secret php phone.php 1234

function api(string $function, array $arguments = []): array
{
    $options = ['http' => [
        'method' => 'POST',
        'header' => 'Content-Type: application/json',
        'content' => json_encode(['function' => $function, 'client' => 'php-' . getmypid()] + $arguments),
        'ignore_errors' => true,
    ]];
    $port = getenv('SWITCHHOOK_PORT') ?: 19422;
    $answer = json_decode(file_get_contents("http://127.0.0.1:$port/", false, stream_context_create($options)), true);
    if (!$answer['ok']) throw new Exception("$function: {$answer['result']}");
    return $answer;
}

/** The notifications since the last time, one after the other; waits for them. */
function notifications(): Generator
{
    while (true) {
        foreach (explode(",NEOL \r\n", api('API_GetNotificationStrings')['result']) as $record) {
            if ($record !== '') yield str_replace('WPNOTIFICATION,', '', $record);
        }
    }
}

api('API_PollNotificationStrings'); // from now on
api('API_Register', [
    'server' => getenv('SIP_SERVER'),
    'username' => getenv('SIP_USER'),
    'password' => getenv('SIP_PASSWORD'),
]);
$called = false;
foreach (notifications() as $notification) {
    echo $notification, "\n";
    $fields = explode(',', $notification);
    if ($fields[0] === 'REGISTER' && str_contains($notification, 'Registered') && !$called) {
        $called = true;
        api('API_Call', ['line' => -1, 'peer' => $argv[1]]);
    } elseif ($fields[0] === 'STATUS' && $fields[2] === 'CallConnect') {
        api('API_Hangup', ['line' => -1]);
    } elseif ($fields[0] === 'CDR') {
        break;
    }
}
