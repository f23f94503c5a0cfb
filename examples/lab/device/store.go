package device

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/lock"
	"runbook/examples/lab/replace"
)

// Store is the file of one lab.
type Store struct {
	Dir layout.Dir
	Now func() time.Time
}

// ErrNone says that the lab has no devices, or that there is no lab.
var ErrNone = errors.New("there are no devices")

// Look returns the devices as they are now. It writes nothing and waits for nobody.
func (s Store) Look() (Devices, error) {
	devices, err := s.read()
	if err != nil {
		return nil, err
	}
	s.settle(devices)
	return devices, nil
}

// Change lets f change one device while nobody else changes any, and tells whether it is another now. Where f fails
// the device stays as it was.
func (s Store) Change(ctx context.Context, id string, f func(*Device) error) (changed bool, err error) {
	err = s.update(ctx, func(devices Devices) error {
		before, ok := devices[id]
		if !ok {
			return fmt.Errorf("no device %q; there are %s", id, strings.Join(devices.IDs(), ", "))
		}
		after := before
		if err := f(&after); err != nil {
			return err
		}
		devices[id], changed = after, after != before
		return nil
	})
	return changed, err
}

// Settle writes down what time alone has changed, for those who read the file themselves.
func (s Store) Settle(ctx context.Context) error {
	devices, err := s.read()
	if err != nil || len(s.settle(devices)) == 0 {
		return err
	}
	return s.update(ctx, func(Devices) error { return nil })
}

// Log adds a line to the device's log. It is one write, so that two calls never mix theirs.
func (s Store) Log(id string, at time.Time, entry string) error {
	if err := appendFile(s.Dir.DeviceLog(id), []byte(logLine(at, entry))); err != nil {
		return fmt.Errorf("write the log of device %s: %w", id, err)
	}
	return nil
}

func logLine(at time.Time, entry string) string {
	return at.UTC().Format("2006-01-02T15:04:05.000Z") + " " + entry + "\n"
}

func appendFile(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

func (s Store) update(ctx context.Context, f func(Devices) error) error {
	if _, err := os.Stat(s.Dir.Devices()); err != nil {
		return s.unreadable(err) // before a lock is left where no lab is
	}
	unlock, err := lock.Wait(ctx, s.Dir.DevicesLock(), func() {})
	if err != nil {
		return err
	}
	defer unlock()
	devices, err := s.read()
	if err != nil {
		return err
	}
	ended := s.settle(devices)
	refused := f(devices)
	if err := write(s.Dir, devices); err != nil {
		return err
	}
	for _, e := range ended {
		if err := s.Log(e.id, e.at, e.entry); err != nil {
			return err
		}
	}
	return refused
}

// ended is a reset that is over.
type ended struct {
	id, entry string
	at        time.Time
}

func (s Store) settle(devices Devices) []ended {
	var all []ended
	now := s.Now()
	for _, id := range devices.IDs() {
		d := devices[id]
		at := d.ReadyAt
		if entry, settled := d.settle(now); settled {
			devices[id] = d
			all = append(all, ended{id, entry, at})
		}
	}
	return all
}

func (s Store) read() (Devices, error) {
	data, err := os.ReadFile(s.Dir.Devices())
	if err != nil {
		return nil, s.unreadable(err)
	}
	var devices Devices
	if err := json.Unmarshal(data, &devices); err != nil {
		return nil, fmt.Errorf("read the devices from %s: %w", s.Dir.Devices(), err)
	}
	return devices, nil
}

func (s Store) unreadable(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("find the devices of the lab in %s: %w: no lab runs there, or it can have no devices, as its start said; start one with: lab up --dir %s",
			s.Dir, ErrNone, s.Dir)
	}
	return fmt.Errorf("read the devices of the lab in %s: %w", s.Dir, err)
}

// write puts the devices in the place of those before, for readers who hold no lock.
func write(dir layout.Dir, devices Devices) error {
	data, err := json.MarshalIndent(devices, "", "  ")
	if err != nil {
		return err
	}
	if err := replace.File(dir.Devices(), append(data, '\n')); err != nil {
		return fmt.Errorf("write the devices: %w", err)
	}
	return nil
}
