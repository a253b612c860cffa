package relay;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;

/** Reads and writes times as RFC 3339 texts, instead of the generated class, which needs what Debian 12 does not have. */
public class RFC3339JavaTimeModule extends SimpleModule {
    public RFC3339JavaTimeModule() {
        addSerializer(OffsetDateTime.class, new StdSerializer<OffsetDateTime>(OffsetDateTime.class) {
            @Override
            public void serialize(OffsetDateTime time, JsonGenerator json, SerializerProvider provider)
                    throws IOException {
                json.writeString(DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(time));
            }
        });
        addDeserializer(OffsetDateTime.class, new StdDeserializer<OffsetDateTime>(OffsetDateTime.class) {
            @Override
            public OffsetDateTime deserialize(JsonParser json, DeserializationContext context)
                    throws IOException {
                return OffsetDateTime.parse(json.getText());
            }
        });
    }
}
