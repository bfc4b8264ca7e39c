// What java.net.http does to a server, and what a socket can do beside it: java JavaClient.java URL ADMIN_TOKEN
// Prints a line per case: its name, and what came of it.
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class JavaClient {
    static String url;
    static String admin;

    interface Case {
        String run() throws Exception;
    }

    static void tell(String name, Case one) {
        String came;
        try {
            came = one.run();
        } catch (Exception error) {
            came = "threw " + error;
        }
        System.out.println(name + ": " + came.replaceAll("\\s+", " ").trim());
    }

    /** Which asks for HTTP/2 over plain text with its first request (h2c), unless it is told not to. */
    static HttpClient client(Version version) {
        return HttpClient.newBuilder().version(version).build();
    }

    static HttpRequest.Builder to(String path, String token) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path)).timeout(Duration.ofSeconds(60));
        return token == null ? request : request.header("authorization", "Bearer " + token);
    }

    static String brief(HttpResponse<String> answer) {
        return answer.version() + " " + answer.statusCode() + " " + in(answer.body());
    }

    /** The event of an answer, and its code where it failed. */
    static String in(String body) {
        Matcher code = Pattern.compile("\"code\":\"(\\w+)\"").matcher(body);
        Matcher event = Pattern.compile("\"event\":\"(\\w+)\"").matcher(body);
        return (event.find() ? event.group(1) : body.length() > 60 ? body.length() + " chars" : body) + (code.find() ? " " + code.group(1) : "");
    }

    static String post(HttpClient http, String cmd, String token, boolean expects, BodyPublisher body) throws Exception {
        HttpRequest.Builder request = to("/v1/" + cmd, token).POST(body);
        if (expects) request.expectContinue(true);
        return brief(http.send(request.build(), BodyHandlers.ofString()));
    }

    static BodyPublisher text(String body) {
        return BodyPublishers.ofString(body);
    }

    /** Of a length that nobody knows before: sent in chunks. */
    static BodyPublisher chunks(byte[] body) {
        return BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body));
    }

    /** Fails in the middle. */
    static BodyPublisher torn(int after) {
        return BodyPublishers.ofInputStream(() -> new InputStream() {
            int left = after;

            @Override
            public int read() throws IOException {
                if (left-- > 0) return 'x';
                throw new IOException("torn");
            }
        });
    }

    static String torn(String method, String path) {
        try {
            client(Version.HTTP_1_1).send(to(path, admin).method(method, torn(200_000)).build(), BodyHandlers.ofString());
            return "answered";
        } catch (Exception error) {
            return "gone";
        }
    }

    /** Bytes as they are; the end of them is said where `ends`. Gives the status lines of what comes back, and what was answered last. */
    static String raw(boolean ends, String... lines) throws Exception {
        URI at = URI.create(url);
        try (Socket socket = new Socket(at.getHost(), at.getPort())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(String.join("\r\n", lines).getBytes(StandardCharsets.ISO_8859_1));
            if (ends) socket.shutdownOutput();
            String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            List<String> came = new ArrayList<>();
            Matcher part = Pattern.compile("HTTP/1.1 (\\d+)|\"payload\":\"?(\\w+)").matcher(all);
            while (part.find()) came.add(part.group(1) != null ? part.group(1) : part.group(2));
            return String.join(" ", came);
        }
    }

    static String[] ping(String payload, String... headers) {
        String body = "{\"payload\":\"" + payload + "\"}";
        List<String> lines = new ArrayList<>(List.of("POST /v1/server.ping HTTP/1.1", "Host: 127.0.0.1"));
        lines.addAll(List.of(headers));
        lines.addAll(List.of("Content-Length: " + body.length(), "", body));
        return lines.toArray(String[]::new);
    }

    static String pipelined() throws Exception {
        StringBuilder all = new StringBuilder();
        for (String name : List.of("a", "b", "c", "d")) all.append(String.join("\r\n", ping(name)));
        // Chunks with a trailer behind them, and what follows is read right.
        all.append(String.join("\r\n", "POST /v1/server.ping HTTP/1.1", "Host: 127.0.0.1", "Transfer-Encoding: chunked",
            "Trailer: X-Sum", "", "8", "{\"payloa", "7;x=y", "d\":\"e\"}", "0", "X-Sum: 1", "", ""));
        all.append(String.join("\r\n", ping("f", "Connection: close")));
        return raw(false, all.toString());
    }

    static class Ear implements WebSocket.Listener {
        final StringBuilder text = new StringBuilder();
        final List<String> events = new ArrayList<>();
        final CompletableFuture<String> ended = new CompletableFuture<>();
        final CompletableFuture<String> closed = new CompletableFuture<>();
        final CompletableFuture<String> ponged = new CompletableFuture<>();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                String said = in(text.toString());
                text.setLength(0);
                if (events.isEmpty() || !events.get(events.size() - 1).equals(said)) events.add(said);
                if (said.startsWith("done") || said.startsWith("failed")) ended.complete(String.join(" ", events));
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onPong(WebSocket socket, ByteBuffer message) {
            ponged.complete("pong " + message.remaining());
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete("closed " + code);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.complete("error " + error.getClass().getSimpleName());
            ended.complete("error " + error);
        }
    }

    static <T> T in60s(CompletableFuture<T> what) throws Exception {
        return what.get(60, TimeUnit.SECONDS);
    }

    static WebSocket open(Ear ear) throws Exception {
        URI at = URI.create(url.replaceFirst("http", "ws") + "/ws");
        return in60s(client(Version.HTTP_2).newWebSocketBuilder()
            .subprotocols("foley.v1.json").buildAsync(at, ear));
    }

    static String pieces() throws Exception {
        Ear ear = new Ear();
        WebSocket socket = open(ear);
        String frame = "{\"id\":\"1\",\"cmd\":\"foley.generate\",\"args\":{\"class\":\"Rain\",\"seed\":5,\"audio\":false}}";
        for (int i = 0; i < frame.length(); i++) in60s(socket.sendText(frame.substring(i, i + 1), i == frame.length() - 1));
        String came = in60s(ear.ended);
        in60s(socket.sendPing(ByteBuffer.wrap(new byte[100])));
        String pong = in60s(ear.ponged);
        in60s(socket.sendClose(WebSocket.NORMAL_CLOSURE, "bye"));
        return socket.getSubprotocol() + " " + came + " " + pong + " " + in60s(ear.closed);
    }

    static String binary() throws Exception {
        Ear ear = new Ear();
        in60s(open(ear).sendBinary(ByteBuffer.wrap(new byte[] {1, 2, 3}), true));
        return in60s(CompletableFuture.anyOf(ear.ended, ear.closed)).toString();
    }

    static String aborted() throws Exception {
        Ear ear = new Ear();
        WebSocket socket = open(ear);
        in60s(socket.sendText("{\"id\":\"1\",\"cmd\":\"foley.gen", false));
        socket.abort();
        return "aborted " + socket.isOutputClosed();
    }

    public static void main(String[] args) throws Exception {
        url = args[0];
        admin = args[1];
        HttpClient both = client(Version.HTTP_2);
        byte[] noVoice = "no voice at all".repeat(20_000).getBytes(StandardCharsets.UTF_8);
        tell("h2c", () -> post(both, "server.ping", null, false, text("{\"payload\":1}")));
        tell("again", () -> post(both, "server.ping", null, false, text("{}")));
        tell("generate", () -> post(both, "foley.generate", null, false, text("{\"class\":\"Rain\",\"seed\":3}")));
        tell("continue", () -> post(client(Version.HTTP_1_1), "server.ping", null, true, text("{}")));
        tell("h2c continue", () -> post(client(Version.HTTP_2), "server.ping", null, true, text("{}")));
        // By a socket: Java 17 waits for ever where the answer is no 100 (JDK-8286171).
        tell("continue refused", () -> raw(true, "POST /v1/server.ping HTTP/1.1", "Host: 127.0.0.1", "Authorization: Bearer nobody-knows-it",
            "Expect: 100-continue", "Content-Length: 50", "", ""));
        tell("chunks", () -> post(client(Version.HTTP_2), "server.ping", null, false, chunks("{\"payload\":2}".getBytes())));
        tell("upload", () -> brief(client(Version.HTTP_2).send(to("/v1/voice.import?as=theirs", admin).PUT(chunks(noVoice)).build(), BodyHandlers.ofString())));
        tell("upload, continue", () -> brief(client(Version.HTTP_1_1).send(to("/v1/voice.import?as=theirs", admin).expectContinue(true)
            .PUT(BodyPublishers.ofByteArray(noVoice)).build(), BodyHandlers.ofString())));
        tell("upload, forbidden", () -> brief(client(Version.HTTP_1_1).send(to("/v1/voice.import?as=theirs", null).PUT(chunks(noVoice)).build(), BodyHandlers.ofString())));
        tell("torn upload", () -> torn("PUT", "/v1/voice.import?as=theirs"));
        tell("torn post", () -> torn("POST", "/v1/server.ping"));
        tell("half-closed", () -> raw(true, ping("z")));
        tell("half-closed in the middle", () -> raw(true, "POST /v1/server.ping HTTP/1.1", "Host: 127.0.0.1", "Content-Length: 50", "", "{\"payl"));
        tell("half-closed in a chunk", () -> raw(true, "POST /v1/server.ping HTTP/1.1", "Host: 127.0.0.1", "Transfer-Encoding: chunked", "", "40", "{\"payl"));
        tell("pipelined", JavaClient::pipelined);
        tell("pieces", JavaClient::pieces);
        tell("binary", JavaClient::binary);
        tell("aborted", JavaClient::aborted);
        tell("after all", () -> post(both, "server.ping", null, false, text("{}")));
    }
}
