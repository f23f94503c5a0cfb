package ports

import (
	"fmt"
	"net"
	"testing"
)

func TestFreePortsDifferAndCanBeListenedOn(t *testing.T) {
	free, err := Free(50)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, port := range free {
		if seen[port] {
			t.Errorf("port %d was given twice", port)
		}
		seen[port] = true
		listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Errorf("port %d is not free: %v", port, err)
			continue
		}
		defer func() {
			if err := listener.Close(); err != nil {
				t.Error(err)
			}
		}()
	}
}

func TestMorePortsThanThereAre(t *testing.T) {
	if _, err := Free(last); err == nil {
		t.Error("want an error that says so")
	}
}
