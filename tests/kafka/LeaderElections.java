import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ElectionNotNeededException;
import org.apache.kafka.common.errors.PreferredLeaderNotAvailableException;

/** BOOTSTRAP TOPIC ROUNDS: each partition gets the next of its replicas as its leader, ROUNDS times. */
public class LeaderElections {
  public static void main(String[] args) throws Exception {
    try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", args[0]))) {
      for (int round = 0; round < Integer.parseInt(args[2]); ++round) {
        rotate(admin, args[1]);
        Thread.sleep(300);  // let it carry messages before the next
      }
    }
  }

  private static void rotate(Admin admin, String topic) throws Exception {
    var orders = new HashMap<TopicPartition, Optional<NewPartitionReassignment>>();
    for (var partition : admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions()) {
      var replicas = new ArrayList<Integer>();
      partition.replicas().forEach(node -> replicas.add(node.id()));
      Collections.rotate(replicas, -1);
      orders.put(new TopicPartition(topic, partition.partition()), Optional.of(new NewPartitionReassignment(replicas)));
    }
    admin.alterPartitionReassignments(orders).all().get();
    elect(admin, orders.keySet());
  }

  /** A broker that was started a moment ago can lead when it has caught up: until then its election is asked for again. */
  private static void elect(Admin admin, Set<TopicPartition> partitions) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(100);
    while (true) {
      try {
        admin.electLeaders(ElectionType.PREFERRED, partitions).all().get();
        return;
      } catch (ExecutionException failed) {
        if (failed.getCause() instanceof ElectionNotNeededException) return;  // it leads already
        if (!(failed.getCause() instanceof PreferredLeaderNotAvailableException) || System.nanoTime() > deadline) throw failed;
        Thread.sleep(100);
      }
    }
  }
}
