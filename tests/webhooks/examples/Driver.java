// Asks the example of each case: a line of base64 fields, answered with a line of true or false.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Base64;
import java.util.Map;

public final class Driver {
    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] fields = line.split("\t", -1);
            Map<String, String> headers =
                    Map.of(
                            "webhook-id", text(fields[1]),
                            "webhook-timestamp", text(fields[2]),
                            "webhook-signature", text(fields[3]));
            byte[] body = Base64.getDecoder().decode(fields[4]);
            System.out.println(WebhookVerifier.verify(text(fields[0]), headers::get, body));
        }
    }

    private static String text(String field) {
        return new String(Base64.getDecoder().decode(field));
    }
}
