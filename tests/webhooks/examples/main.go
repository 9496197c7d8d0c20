// Asks the example of each case: a line of base64 fields, answered with a line of true or false.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"strings"

	"example/webhooks"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		header := func(name string) string {
			places := map[string]int{"webhook-id": 1, "webhook-timestamp": 2, "webhook-signature": 3}
			return string(decoded(fields[places[name]]))
		}
		fmt.Println(webhooks.Verify(string(decoded(fields[0])), header, decoded(fields[4])))
	}
}

func decoded(field string) []byte {
	content, err := base64.StdEncoding.DecodeString(field)
	if err != nil {
		panic(err)
	}
	return content
}
