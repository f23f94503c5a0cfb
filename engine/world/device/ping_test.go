package device

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatAPingIsTold(t *testing.T) {
	for _, c := range []struct {
		args  []string
		want  pinging
		fault string
	}{
		{[]string{"-n", "-q", "-c", "3", "-w", "5", "10.0.0.7"}, pinging{"10.0.0.7", 3, 5 * time.Second}, ""},
		{[]string{"-nq4", "10.0.0.7", "-c", "1", "-W", "2", "-i", "1"}, pinging{"10.0.0.7", 1, 0}, ""},
		{[]string{"10.0.0.7"}, pinging{"10.0.0.7", endless, 0}, ""},
		{[]string{"-c", "0", "x"}, pinging{}, "invalid argument: '0'"},
		{[]string{"-f", "x"}, pinging{}, "invalid argument: '-f'"},
		{[]string{"x", "y"}, pinging{}, "invalid argument: 'y'"},
		{[]string{"-c"}, pinging{}, "invalid argument: '-c'"},
		{nil, pinging{}, "usage error: Destination address required"},
	} {
		got, fault := readPinging(c.args)
		require.Equal(t, c.fault, fault)
		if fault == "" {
			require.Equal(t, c.want, got)
		}
	}
}

func TestWhatAPingPrints(t *testing.T) {
	require.Equal(t, "PING 10.0.0.7 (10.0.0.7) 56(84) bytes of data.\n\n--- 10.0.0.7 ping statistics ---\n3 packets transmitted, 3 received, 0% packet loss, time 2000ms\n"+
		"rtt min/avg/max/mdev = 0.300/0.300/0.300/0.000 ms\n", summed(pinging{address: "10.0.0.7"}, 3, 3, 2*time.Second).Stdout)
	none := summed(pinging{address: "10.0.0.7"}, 5, 0, 5*time.Second)
	require.Equal(t, 1, none.ExitCode)
	require.Contains(t, none.Stdout, "5 packets transmitted, 0 received, 100% packet loss, time 5000ms\n")
}
