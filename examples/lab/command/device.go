package command

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"runbook/examples/lab/device"
)

func deviceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "device ID STATE",
		Short: "Set a photonic device to a state",
		Long: `Set a photonic device to a state, whatever it was in before. STATE is one of:

  online    all is well
  degraded  its calibration has drifted; a reset or a calibration helps
  offline   its link is lost; a reset helps
  broken    it is offline, and nothing helps
  hung      the vendors' tools that ask it get no answer and hang
  garbled   the vendors' tools that ask it print nonsense; a reset helps

What else a device does is data in devices.json, below data/rack in the lab's folder.`,
		Args: exactly(2, "a device and a state, such as envise-1 offline"),
	}
	dir := dirFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dir, err := dir()
		if err != nil {
			return err
		}
		id, state := args[0], args[1]
		if err := (device.Store{Dir: dir, Now: time.Now}).Set(cmd.Context(), id, state); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "device %s is %s now\n", id, state)
		return err
	}
	return cmd
}
