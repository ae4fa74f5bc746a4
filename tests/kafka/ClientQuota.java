import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;

/** BOOTSTRAP CLIENT_ID BYTES: what a producer with this client.id may send in a second; `none`: as much as it likes. */
public class ClientQuota {
  public static void main(String[] args) throws Exception {
    var client = new ClientQuotaEntity(Collections.singletonMap(ClientQuotaEntity.CLIENT_ID, args[1]));
    var bytes = args[2].equals("none") ? null : Double.valueOf(args[2]);
    var rate = new ClientQuotaAlteration.Op("producer_byte_rate", bytes);
    try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", args[0]))) {
      admin.alterClientQuotas(List.of(new ClientQuotaAlteration(client, List.of(rate)))).all().get();
    }
  }
}
