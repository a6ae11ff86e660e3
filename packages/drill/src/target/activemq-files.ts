import type { Address } from '../workload/client-settings.js';

/** Where Debian's package has ActiveMQ Classic. */
export const ACTIVEMQ_FOLDER = '/usr/share/activemq/lib';

/** A program for `java` that runs a broker from its configuration, the first argument. */
export const LAUNCHER = `public class Run {
  public static void main(String[] arguments) throws Exception {
    System.out.println("starting");
    var broker = org.apache.activemq.broker.BrokerFactory.createBroker("xbean:file:" + arguments[0]);
    broker.start();
    broker.waitUntilStopped();
  }
}
`;

/** The configuration of one of two brokers that share a folder, otherwise with its defaults. */
export function activemqConfig(name: string, folder: string, { host, port }: Address): string {
  const schema = 'http://www.springframework.org/schema/beans';
  const activemq = 'http://activemq.apache.org/schema/core';
  return `<beans xmlns="${schema}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="${schema} ${schema}/spring-beans.xsd ${activemq} ${activemq}/activemq-core.xsd">
  <broker xmlns="${activemq}" brokerName="${name}" dataDirectory="${folder}" useJmx="false">
    <persistenceAdapter><kahaDB directory="${folder}/kahadb"/></persistenceAdapter>
    <transportConnectors>
      <transportConnector name="stomp" uri="stomp://${host}:${port}"/>
    </transportConnectors>
  </broker>
</beans>
`;
}
